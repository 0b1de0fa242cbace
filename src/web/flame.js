/* The flame graph, root on top, on a canvas that is as large as what is seen of it: only rows in view and nodes wide enough
   are drawn, so that its size does not matter.

   new FlameView({tree, sums, before, measures, name, place, kind, details}): `tree` is a FlameTree; `sums` has an array of its
   values per measure's key, `before` likewise those to compare with, or is null: colours are then the changes, and widths either's; `name(item)`, `place(item)` ("src/app.c:17") and
   `kind(item)` ("own", "library" or "runtime") tell of an item, `details(node)` gives lines for the tooltip. */

const FLAME_ROW = 20;
const FLAME_MIN_WIDTH = 1;
const FLAME_NAME_MAX = 300;

class FlameView {
    constructor(options) {
        Object.assign(this, options);
        this.measure = this.measures[0];
        this.shown = this.sums;
        this.focus = 0;
        this.selected = 0;
        this.hovered = -1;
        this.wanted = '';
        this.matching = null;
        this.widths = new Map();
        this.build();
        this.layOut();
    }

    build() {
        this.menu = menuOf('measure', this.measures, key => this.setMeasure(key));
        this.sides = menuOf('side', [{key: 'new', label: 'new'}, {key: 'old', label: 'old'}], side => this.setSide(side));
        this.search = filterBox('search functions  ( / )', wanted => this.setSearch(wanted));
        this.search.addEventListener('keydown', event => this.onSearchKey(event));
        this.share = el('span', {class: 'share', role: 'status'});
        this.reset = el('button', {type: 'button', onclick: () => this.zoom(0)}, 'show all');
        this.canvas = el('canvas', {tabindex: 0, role: 'application', 'aria-roledescription': 'flame graph',
            'aria-label': 'Flame graph: arrows move, Enter zooms, Escape shows all, slash searches; a list follows'});
        this.spacer = el('div', {class: 'flame-spacer'});
        this.scroller = el('div', {class: 'flame-scroll', onscroll: () => this.draw()}, this.canvas, this.spacer);
        this.tooltip = el('div', {class: 'tooltip', hidden: true});
        this.spoken = el('div', {class: 'offscreen', 'aria-live': 'polite'});
        this.caption = el('p', {class: 'facts on-paper'}); /* what the menus say */
        this.list = el('div', {class: 'flame-list'});
        this.asText = el('details', {class: 'as-text', ontoggle: () => this.fillList()},
            el('summary', {}, 'As a list'), this.list);
        this.element = el('div', {class: 'flame'},
            el('div', {class: 'bar-row'}, el('label', {}, 'Width: ', this.menu),
                this.before ? el('label', {}, 'of ', this.sides) : null, this.search, this.share, this.reset,
                this.legend()),
            this.caption, this.scroller, this.tooltip, this.spoken, this.asText);
        this.listen();
    }

    legend() {
        const kinds = this.before ? [['more', 'more'], ['less', 'less'], ['same', 'the same']]
            : [['own', 'the program'], ['library', 'libraries'], ['runtime', 'C and C++ runtime'], ['inlined', 'inlined']];
        return el('span', {class: 'legend'},
            kinds.map(([kind, label]) => el('span', {}, el('i', {class: `swatch ${kind}`}), label)));
    }

    listen() {
        const {canvas} = this;
        canvas.addEventListener('mousemove', event => this.hover(this.nodeAt(event), event));
        canvas.addEventListener('mouseleave', () => this.hover(-1));
        canvas.addEventListener('click', event => this.clickOn(this.nodeAt(event)));
        canvas.addEventListener('keydown', event => this.onKey(event));
        for (const change of ['focus', 'blur'])
            canvas.addEventListener(change, () => this.draw());
        new ResizeObserver(() => this.draw()).observe(this.scroller);
        matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.draw());
    }

    setMeasure(key) {
        this.measure = this.measures.find(measure => measure.key === key);
        this.menu.value = key;
        this.focus = this.selected = 0;
        this.layOut();
        this.draw();
    }

    /* Widths are those of "new" or "old"; the focus stays, unless that side has nothing there. */
    setSide(side) {
        this.shown = side === 'old' ? this.before : this.sums;
        this.sides.value = side;
        if (!(this.shown[this.measure.key][this.focus] > 0))
            this.focus = 0;
        this.selected = this.focus;
        this.layOut();
        this.draw();
    }

    layOut() {
        this.layout = this.tree.layOut(this.shown[this.measure.key]);
        this.change = this.before ? this.changes() : null;
        this.caption.textContent = `Width: ${this.measure.label}${this.before ? ` of ${this.sides.value}` : ''}`;
        this.asText.open = false;
        this.fitHeight();
        this.showShare();
    }

    /* Shallow graphs are low; deep ones scroll (the style sheet says from where on). */
    fitHeight() {
        const rows = this.layout.order.reduce((most, node) => Math.max(most, this.tree.depth[node]), 0) + 2;
        this.scroller.style.height = `${rows * FLAME_ROW}px`;
    }

    /* How much more each node has than before, and the largest change. */
    changes() {
        const {key} = this.measure, now = this.sums[key], before = this.before[key];
        const by = now.map((value, node) => value - before[node]);
        return {by, most: by.reduce((most, value) => Math.max(most, Math.abs(value)), 1)};
    }

    zoom(node) {
        this.focus = this.selected = node;
        this.scroller.scrollTop = Math.max(0, (this.tree.depth[node] - 2) * FLAME_ROW);
        this.draw();
        this.speak();
    }

    setSearch(wanted) {
        this.wanted = wanted.trim().toLowerCase();
        this.matching = this.wanted === '' ? null : new Map();
        this.showShare();
        this.draw();
    }

    isMatching(item) {
        if (item < 0)
            return false;
        if (!this.matching.has(item))
            this.matching.set(item, isMatch(this.wanted, this.name(item), this.place(item)));
        return this.matching.get(item);
    }

    /* The share of all that goes through a match: nothing counts twice. */
    showShare() {
        const {values, order, last} = this.layout;
        let sum = 0, count = 0;
        for (let i = 0; this.matching !== null && i < order.length;) {
            const hit = this.isMatching(this.tree.item[order[i]]);
            sum += hit ? values[order[i]] : 0;
            count += hit;
            i = hit ? last[order[i]] : i + 1;
        }
        this.share.textContent = this.matching === null ? ''
            : count === 0 ? 'no match' : `${this.measure.text(sum)}, ${percentText(sum, values[0])} matches`;
    }

    /* -- what is where -- */

    left(node) {
        return (this.layout.start[node] - this.layout.start[this.focus]) * this.scale;
    }

    isAbove(node) {
        return this.tree.depth[node] < this.tree.depth[this.focus];
    }

    nodeAt(event) {
        const box = this.canvas.getBoundingClientRect();
        const x = event.clientX - box.left, depth = Math.floor((event.clientY - box.top + this.scroller.scrollTop) / FLAME_ROW);
        let node = this.focus;
        while (this.tree.depth[node] > depth)
            node = this.tree.parent[node];
        while (node >= 0 && this.tree.depth[node] < depth)
            node = this.childAt(node, x);
        return node;
    }

    childAt(node, x) {
        for (const child of this.layout.children[node] ?? [])
            if (x < this.left(child) + this.layout.values[child] * this.scale)
                return x >= this.left(child) ? child : -1;
        return -1;
    }

    /* -- drawing -- */

    draw() {
        if (this.scroller.clientWidth === 0 || this.isDrawing)
            return;
        this.isDrawing = true;
        requestAnimationFrame(() => {
            this.isDrawing = false;
            this.drawNow();
        });
    }

    drawNow() {
        const width = this.scroller.clientWidth, height = this.scroller.clientHeight;
        this.scale = width / Math.max(this.layout.values[this.focus], Number.MIN_VALUE);
        this.colors = flameColors();
        const pen = this.prepare(width, height);
        for (let node = this.focus; node !== 0;) {
            node = this.tree.parent[node];
            this.drawNode(pen, node, 0, width, true);
        }
        this.drawBelow(pen, height);
        this.spacer.style.height = `${(this.deepest() + 1) * FLAME_ROW}px`;
    }

    prepare(width, height) {
        const ratio = window.devicePixelRatio || 1, {canvas} = this;
        if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
            canvas.width = Math.round(width * ratio);
            canvas.height = Math.round(height * ratio);
            canvas.style.width = `${width}px`;
            canvas.style.height = `${height}px`;
        }
        const pen = canvas.getContext('2d');
        pen.setTransform(ratio, 0, 0, ratio, 0, 0);
        pen.clearRect(0, 0, width, height);
        pen.textBaseline = 'middle';
        return pen;
    }

    /* The node in focus and all that is below it, as far as it is in view. */
    drawBelow(pen, height) {
        const last = (height + this.scroller.scrollTop) / FLAME_ROW;
        this.visit(last, node => this.drawNode(pen, node, this.left(node), this.layout.values[node] * this.scale, false, height));
    }

    /* The node in focus and those below it that are wide enough, not deeper than `last`. */
    visit(last, visitor) {
        const todo = [this.focus], {values, children} = this.layout, {depth} = this.tree;
        while (todo.length > 0) {
            const node = todo.pop();
            visitor(node);
            for (const child of depth[node] < last ? children[node] ?? [] : []) {
                if (values[child] * this.scale < FLAME_MIN_WIDTH)
                    break;
                todo.push(child);
            }
        }
    }

    /* The depth of all that is below the focus: it is counted once for each way to look at it. */
    deepest() {
        const key = `${this.measure.key} ${this.focus} ${this.scale}`;
        if (this.deepestOf !== key) {
            this.deepestOf = key;
            this.deepestDepth = 0;
            this.visit(Infinity, node => this.deepestDepth = Math.max(this.deepestDepth, this.tree.depth[node]));
        }
        return this.deepestDepth;
    }

    drawNode(pen, node, x, width, isAbove, height = Infinity) {
        const y = this.tree.depth[node] * FLAME_ROW - this.scroller.scrollTop;
        if (y <= -FLAME_ROW || y >= height)
            return;
        const item = this.tree.item[node];
        const isDim = isAbove || (this.matching !== null && !this.isMatching(item));
        const gap = width > 3 ? 1 : 0;
        pen.globalAlpha = isDim ? 0.4 : 1;
        pen.fillStyle = this.colorOf(node, item);
        pen.fillRect(x, y, width - gap, FLAME_ROW - 1);
        if (this.tree.inlined[node] && item >= 0 && width > 3)
            this.markInlined(pen, x, y, width - gap);
        const isSelected = node === this.selected && document.activeElement === this.canvas;
        if (isSelected || node === this.hovered)
            this.outline(pen, isSelected ? 2 : 1, x, y, width - gap);
        pen.globalAlpha = isDim ? 0.6 : 1;
        if (width > 24)
            this.drawName(pen, node, x, y, width);
        pen.globalAlpha = 1;
    }

    markInlined(pen, x, y, width) {
        pen.strokeStyle = this.colors.edge;
        pen.setLineDash([3, 3]);
        pen.beginPath();
        pen.moveTo(x, y + FLAME_ROW - 1.5);
        pen.lineTo(x + width, y + FLAME_ROW - 1.5);
        pen.stroke();
        pen.setLineDash([]);
    }

    outline(pen, thickness, x, y, width) {
        pen.strokeStyle = this.colors.edge;
        pen.lineWidth = thickness;
        pen.strokeRect(x + 0.5, y + 0.5, Math.max(0, width - 1), FLAME_ROW - 2);
        pen.lineWidth = 1;
    }

    drawName(pen, node, x, y, width) {
        const left = Math.max(x, 0), room = Math.min(x + width, this.scroller.clientWidth) - left - 8;
        pen.font = this.tree.inlined[node] ? `italic ${this.colors.font}` : this.colors.font;
        pen.fillStyle = this.colors.text;
        pen.fillText(this.fit(pen, this.nodeName(node).slice(0, FLAME_NAME_MAX), room), left + 4, y + FLAME_ROW / 2, room);
    }

    /* As much of a name as there is room for. */
    fit(pen, name, room) {
        if (!this.widths.has(name))
            this.widths.set(name, pen.measureText(name).width);
        const width = this.widths.get(name);
        if (width <= room)
            return name;
        const kept = Math.floor(name.length * room / width) - 1;
        return kept > 0 ? `${name.slice(0, kept)}\u2026` : '';
    }

    colorOf(node, item) {
        if (this.matching !== null && item >= 0 && this.isMatching(item))
            return this.colors.match;
        if (this.change !== null)
            return this.changeColor(this.change.by[node]);
        if (item < 0)
            return this.colors.root;
        const shades = this.colors[this.kind(item)];
        return shades[(item * 7) % shades.length];
    }

    /* From nothing to the largest change; the root of it, or small ones would all look alike. */
    changeColor(by) {
        const strength = Math.sqrt(Math.abs(by) / this.change.most);
        if (by === 0)
            return this.colors.root;
        return `color-mix(in srgb, ${by > 0 ? this.colors.more : this.colors.less} ${Math.round(15 + 85 * strength)}%, ${this.colors.root})`;
    }

    /* -- telling -- */

    nodeName(node) {
        return node === 0 ? 'all' : this.name(this.tree.item[node]);
    }

    /* The lines of the tooltip. */
    tell(node) {
        const {key, label, text} = this.measure, {values} = this.layout, value = values[node];
        const lines = [this.nodeName(node) + (node > 0 && this.tree.inlined[node] ? '  (inlined)' : ''), ...this.details(node),
            `${label} ${text(value)}, ${percentText(value, values[0])} of all`];
        if (this.focus !== 0 && !this.isAbove(node))
            lines[lines.length - 1] += `, ${percentText(value, values[this.focus])} of what is shown`;
        if (this.before)
            return lines.concat(this.tellChanges(node));
        const others = this.measures.filter(measure => measure !== this.measure && this.sums[measure.key][node] > 0);
        return lines.concat(others.map(measure => `${measure.label} ${measure.text(this.sums[measure.key][node])}`));
    }

    /* Old, new and change of each measure, that of the menu first. */
    tellChanges(node) {
        const rest = this.measures.filter(measure => measure !== this.measure);
        return [this.measure, ...rest].map(measure => {
            const old = this.before[measure.key][node], now = this.sums[measure.key][node];
            return `${measure.label}: ${changeLine(measure, old, now)}`;
        });
    }

    hover(node, event) {
        this.tooltip.hidden = node < 0;
        if (node >= 0) {
            this.tooltip.replaceChildren(...this.tell(node).map(line => el('div', {}, line)));
            this.placeTooltip(event);
        }
        this.canvas.style.cursor = node >= 0 ? 'pointer' : 'default';
        if (node !== this.hovered) {
            this.hovered = node;
            this.draw();
        }
    }

    placeTooltip({clientX, clientY}) {
        const {offsetWidth, offsetHeight} = this.tooltip;
        const x = Math.min(clientX + 14, window.innerWidth - offsetWidth - 8);
        const below = clientY + 18 + offsetHeight < window.innerHeight;
        this.tooltip.style.left = `${Math.max(4, x)}px`;
        this.tooltip.style.top = `${below ? clientY + 18 : Math.max(4, clientY - offsetHeight - 10)}px`;
    }

    speak() {
        this.spoken.textContent = `${this.tell(this.selected).join(', ')}, depth ${this.tree.depth[this.selected]}`;
    }

    /* -- keys and clicks -- */

    clickOn(node) {
        this.canvas.focus({preventScroll: true});
        if (node >= 0)
            this.zoom(node);
    }

    onSearchKey(event) {
        if (event.key === 'Escape') {
            this.search.value = '';
            this.setSearch('');
            this.canvas.focus({preventScroll: true});
        }
    }

    onKey(event) {
        const moves = {ArrowUp: () => this.tree.parent[this.selected], ArrowDown: () => this.layout.children[this.selected]?.[0],
            ArrowLeft: () => this.sibling(-1), ArrowRight: () => this.sibling(1)};
        if (event.key in moves)
            this.select(moves[event.key]());
        else if (event.key === 'Enter')
            this.zoom(this.selected);
        else if (event.key === 'Escape')
            this.showAll();
        else
            return;
        event.preventDefault();
    }

    showAll() {
        this.search.value = '';
        this.setSearch('');
        this.zoom(0);
    }

    sibling(step) {
        const siblings = this.layout.children[this.tree.parent[this.selected]] ?? [];
        return this.selected === 0 ? undefined : siblings[siblings.indexOf(this.selected) + step];
    }

    /* A node that lies outside what is shown brings its parent into focus. */
    select(node) {
        if (node === undefined)
            return;
        this.selected = node;
        if (!this.isShown(node))
            this.focus = this.tree.parent[node];
        this.scrollTo(this.tree.depth[node] * FLAME_ROW);
        this.draw();
        this.speak();
    }

    isShown(node) {
        const {at, last} = this.layout;
        return this.isAbove(node) || (at[node] >= at[this.focus] && at[node] < last[this.focus]);
    }

    scrollTo(y) {
        const {scrollTop, clientHeight} = this.scroller;
        if (y < scrollTop || y + FLAME_ROW > scrollTop + clientHeight)
            this.scroller.scrollTop = y - clientHeight / 2;
    }

    /* -- the same as nested lists -- */

    fillList() {
        if (this.asText.open)
            this.list.replaceChildren(this.listBelow(0));
    }

    listBelow(node) {
        const {values, children} = this.layout;
        return el('ul', {}, (children[node] ?? []).map(child => {
            const line = el('span', {}, `${this.nodeName(child)}  `, el('b', {}, this.measure.text(values[child])),
                ` ${percentText(values[child], values[0])}`, this.before ? `  ${this.tellChanges(child)[0]}` : '');
            if (!children[child])
                return el('li', {}, line);
            const inner = el('details', {ontoggle: () => {
                if (inner.open && inner.childElementCount === 1)
                    inner.append(this.listBelow(child));
            }}, el('summary', {}, line));
            return el('li', {}, inner);
        }));
    }
}

/* The colours are the style sheet's. */
function flameColors() {
    const style = getComputedStyle(document.documentElement);
    const color = name => style.getPropertyValue(`--flame-${name}`).trim();
    const shades = name => [1, 2, 3, 4].map(number => color(`${name}-${number}`));
    return {own: shades('own'), library: shades('library'), runtime: shades('runtime'), root: color('root'),
        match: color('match'), more: color('more'), less: color('less'), text: color('text'), edge: color('edge'),
        font: `12px ${style.getPropertyValue('--sans').trim()}`};
}
