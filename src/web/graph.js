/* The tab Graph: the call graph as dot drew it, and any function's callers and callees. */

/* What dot's SVG is made of. Anything else is left out: the names in it are the program's. */
const GRAPH_ELEMENTS = new Set(['svg', 'g', 'path', 'polygon', 'polyline', 'ellipse', 'text', 'tspan']);
const GRAPH_ATTRIBUTES = new Set(['viewBox', 'width', 'height', 'transform', 'points', 'd', 'x', 'y', 'cx', 'cy', 'rx', 'ry',
    'fill', 'stroke', 'stroke-width', 'stroke-dasharray', 'text-anchor', 'font-family', 'font-size', 'font-weight']);
const GRAPH_NEIGHBOURS = 30;
const GRAPH_STACKS = 1000; /* the largest, to choose a function by */

class GraphTab {
    constructor(profile, tree) {
        this.profile = profile;
        this.tree = tree;
        this.element = el('div');
        if (profile.stackCount === 0) {
            this.element.append(noStacks(profile));
            return;
        }
        this.measure = profile.measures[0];
        this.figures = profile.functionFigures();
        this.neighbours = el('div', {class: 'neighbours'});
        this.menu = el('select', {'aria-label': 'measure', onchange: () => {
            this.measure = profile.measures.find(({key}) => key === this.menu.value);
            this.choose(this.chosen);
        }}, profile.measures.map(({key, label}) => el('option', {value: key}, label)));
        this.element.append(...this.picture(), el('h2', {}, 'Callers and callees'),
            el('div', {class: 'bar-row'}, this.picker(), el('label', {}, 'by ', this.menu)), this.neighbours);
        this.choose(this.largest());
    }

    /* Dot's picture, if there is one. */
    picture() {
        const text = this.profile.data.origin.graph_svg;
        const parsed = text ? new DOMParser().parseFromString(text, 'image/svg+xml').documentElement : null;
        const picture = parsed !== null && parsed.localName === 'svg' ? cleanSvg(parsed) : null;
        if (picture === null)
            return [];
        const frame = el('div', {class: 'graph-picture'}, picture);
        const size = el('button', {type: 'button', onclick: () => {
            size.textContent = frame.classList.toggle('full') ? 'fit the width' : 'full size';
        }}, 'full size');
        return [el('div', {class: 'bar-row'}, size), frame];
    }

    /* The function that most is put down to. */
    largest() {
        const {profile, measure} = this, sums = new Map();
        for (const stack of profile.stacksBy(measure.key).slice(0, GRAPH_STACKS)) {
            const number = profile.frames.function[profile.blame(stack)];
            sums.set(number, (sums.get(number) ?? 0) + profile.values[measure.key][stack]);
        }
        return [...sums].reduce((best, entry) => entry[1] > best[1] ? entry : best, [0, 0])[0];
    }

    picker() {
        const {profile} = this, {total} = this.figures[this.measure.key];
        const numbers = Array.from(total.keys()).sort((a, b) => total[b] - total[a]);
        const list = el('datalist', {id: 'functions'}, numbers.slice(0, 1000).map(number =>
            el('option', {value: profile.functionName(number)})));
        this.filter = el('input', {type: 'search', class: 'filter', list: 'functions', placeholder: 'function  ( / )',
            'aria-label': 'function', spellcheck: 'false', onchange: () => {
                const found = numbers.find(number => profile.functionName(number) === this.filter.value) ??
                    numbers.find(number => isMatch(this.filter.value.toLowerCase(), profile.functionName(number)));
                if (found !== undefined)
                    this.choose(found);
            }});
        return [this.filter, list];
    }

    choose(number) {
        this.chosen = number;
        this.filter.value = this.profile.functionName(number);
        const {callers, callees} = this.edges(number), figures = this.figures[this.measure.key];
        const {text} = this.measure, all = this.profile.totals[this.measure.key];
        this.neighbours.replaceChildren(this.column('Called by', callers, figures.total[number]),
            el('div', {class: 'card chosen'}, el('b', {class: 'name'}, this.profile.functionName(number)),
                el('div', {class: 'place'}, this.profile.functionPlace(number)),
                el('p', {}, `total ${text(figures.total[number])} ${percentText(figures.total[number], all)}`),
                el('p', {}, `own ${text(figures.own[number])} ${percentText(figures.own[number], all)}`)),
            this.column('Calls', callees, figures.total[number]));
    }

    /* Values over each edge; a stack that takes one several times counts once. */
    edges(number) {
        const {tree} = this, sums = tree.sums[this.measure.key], callers = new Map(), callees = new Map();
        const add = (map, item, value) => value > 0 && map.set(item, (map.get(item) ?? 0) + value);
        for (let node = 1; node < tree.count; node++) {
            if (tree.item[node] === number && !this.hasAbove(node, number, -1))
                add(callers, tree.item[tree.parent[node]], sums[node]);
            if (tree.item[tree.parent[node]] === number && !this.hasAbove(node, tree.item[node], number))
                add(callees, tree.item[node], sums[node]);
        }
        return {callers, callees};
    }

    /* Is there a node for `item` above `node`, called by `caller` (-1: by any)? */
    hasAbove(node, item, caller) {
        const {tree} = this;
        for (let above = tree.parent[node]; above > 0; above = tree.parent[above])
            if (tree.item[above] === item && (caller < 0 || tree.item[tree.parent[above]] === caller))
                return true;
        return false;
    }

    column(title, edges, all) {
        const sorted = [...edges].sort((a, b) => b[1] - a[1]);
        const lines = sorted.slice(0, GRAPH_NEIGHBOURS).map(([item, value]) => el('li', {},
            item < 0 ? el('span', {class: 'name'}, '(the root)') : el('button', {type: 'button', class: 'link name',
                onclick: () => this.choose(item)}, this.profile.functionName(item)),
            el('span', {class: 'amount'}, this.measure.text(value), bar(value / all))));
        if (sorted.length > GRAPH_NEIGHBOURS)
            lines.push(el('li', {class: 'facts'}, `and ${sorted.length - GRAPH_NEIGHBOURS} smaller ones`));
        return el('div', {class: 'card'}, el('h3', {}, title),
            lines.length > 0 ? el('ul', {class: 'plain'}, lines) : el('p', {class: 'facts'}, 'nothing'));
    }
}

/* A copy of what may be in a picture. */
function cleanSvg(element) {
    if (element.nodeType === Node.TEXT_NODE)
        return document.createTextNode(element.data);
    if (element.nodeType !== Node.ELEMENT_NODE)
        return null;
    const children = [...element.childNodes].map(cleanSvg).filter(child => child !== null);
    if (element.localName === 'a')
        return svg('g', {}, children);
    if (!GRAPH_ELEMENTS.has(element.localName))
        return null;
    const attributes = [...element.attributes].filter(({name, value}) => GRAPH_ATTRIBUTES.has(name) && !value.includes('url('));
    return svg(element.localName, Object.fromEntries(attributes.map(({name, value}) => [name, value])), children);
}
