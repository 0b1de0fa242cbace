/* The tab Functions: own and total of each measure. */

const FUNCTIONS_SHOWN = 200;

class FunctionsTab {
    constructor(profile, onchoose) {
        this.profile = profile;
        this.onchoose = onchoose;
        this.element = el('div');
        if (profile.stackCount === 0) {
            this.element.append(noStacks(profile));
            return;
        }
        this.figures = profile.functionFigures();
        this.sort = {key: profile.measures[0].key, side: 'total', up: false};
        this.wanted = '';
        this.shown = FUNCTIONS_SHOWN;
        this.body = el('tbody');
        this.more = el('button', {type: 'button', onclick: () => this.showMore()});
        this.filter = filterBox('filter by function or file  ( / )', wanted => {
            this.wanted = wanted.trim().toLowerCase();
            this.show();
        });
        this.count = el('span', {class: 'share', role: 'status'});
        this.element.append(el('div', {class: 'bar-row'}, this.filter, this.count),
            el('div', {class: 'wide'}, el('table', {class: 'figures sortable'}, this.head(), this.body)), this.more);
        this.show();
    }

    head() {
        const {measures} = this.profile;
        this.buttons = [];
        const column = (key, side, label) => {
            const cell = el('th', {scope: 'col', class: side === 'own' ? 'first' : side === 'name' ? 'text' : null},
                el('button', {type: 'button', class: 'link', onclick: () => this.sortBy(key, side)}, label));
            this.buttons.push({cell, key, side});
            return cell;
        };
        return el('thead', {}, el('tr', {}, el('th', {}), measures.map(({label}) =>
            el('th', {colspan: 2, scope: 'colgroup', class: 'first'}, label))),
        el('tr', {}, column('name', 'name', 'Function'), measures.map(({key}) =>
            [column(key, 'own', 'own'), column(key, 'total', 'total')])));
    }

    sortBy(key, side) {
        const isSame = this.sort.key === key && this.sort.side === side;
        this.sort = {key, side, up: isSame ? !this.sort.up : side === 'name'};
        this.show();
    }

    showMore() {
        this.shown = Infinity;
        this.show();
    }

    order() {
        const {profile} = this, {key, side, up} = this.sort;
        const numbers = Array.from(profile.functions.name, (_, number) => number).filter(number =>
            isMatch(this.wanted, profile.functionName(number), profile.functionPlace(number)));
        const byName = (a, b) => profile.functionName(a) < profile.functionName(b) ? -1 : 1;
        const compare = side === 'name' ? byName
            : (a, b) => this.figures[key][side][a] - this.figures[key][side][b] || byName(b, a);
        return numbers.sort(up ? compare : (a, b) => compare(b, a));
    }

    show() {
        const numbers = this.order();
        this.body.replaceChildren(...numbers.slice(0, this.shown).map(number => this.row(number)));
        this.count.textContent = `${countText(numbers.length)} function${numbers.length === 1 ? '' : 's'}`;
        this.more.hidden = numbers.length <= this.shown;
        this.more.textContent = `show all ${countText(numbers.length)}`;
        for (const {cell, key, side} of this.buttons) {
            const isSorted = this.sort.key === key && this.sort.side === side;
            cell.setAttribute('aria-sort', !isSorted ? 'none' : this.sort.up ? 'ascending' : 'descending');
        }
    }

    row(number) {
        const {profile} = this;
        return el('tr', {}, el('th', {scope: 'row', class: 'text'},
            el('button', {type: 'button', class: 'link name', onclick: () => this.onchoose(number)}, profile.functionName(number)),
            el('span', {class: 'place'}, profile.functionPlace(number))),
        profile.measures.map(({key, text}) => ['own', 'total'].map(side =>
            this.cell(this.figures[key][side][number], profile.totals[key], side, text))));
    }

    /* Nothing of what was measured is a 0; the share is the cell's background. */
    cell(value, all, side, text) {
        const share = all > 0 ? value / all : 0;
        return el('td', {class: `${side === 'own' ? 'first' : ''} ${value === 0 ? 'zero' : ''}`}, text(value),
            side === 'total' && value > 0 ? bar(share) : null);
    }
}

/* What to say where no stacks were recorded. */
function noStacks(profile) {
    const reason = profile.data.no_times_reason;
    return emptyState('No stacks were recorded. Record them with ', code('--stacks=on'), ', or with ',
        code('syseng-mem run'), ' and ', code('syseng-mem snapshot'), ', which always do.', reason ? ` ${reason}` : '');
}
