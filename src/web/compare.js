/* The page of a comparison: its head, and a tab for each view. */

const TABS = [
    {id: 'requests', label: 'Requests', make: page => ({element: requestsTab(page)})},
    {id: 'lines', label: 'Lines', make: page => new RequestTab(page, 'lines', CompareLines)},
    {id: 'flame', label: 'Flame', make: page => new RequestTab(page, 'flame', CompareFlame)},
    {id: 'functions', label: 'Functions', make: page => ({element: functionsTab(page.comparison)})},
];

class ComparePage extends TabbedPage {
    constructor(data) {
        super(TABS);
        this.data = data;
        this.comparison = new Comparison(data);
        this.chosen = Math.max(0, data.requests.findIndex(request => request.changed && this.comparison.isCommon(request)));
        this.begin();
    }

    head() {
        const {verdict, is_worse: isWorse, notes} = this.data;
        return el('header', {}, el('h1', {}, 'Comparison'), el('div', {class: 'wide'}, el('table', {class: 'figures versions'},
            SIDES.map(side => this.version(side)))), el('p', {class: isWorse ? 'verdict bad' : 'verdict good'}, verdict), warningBox(notes));
    }

    version(side) {
        const {name, time_s: time, commit, subject, modified, compiler} = this.data[side];
        const words = [time === null ? '' : el('time', {}, new Date(1000 * time).toLocaleString()),
            commit === null ? '' : [code(commit.slice(0, 12)), modified ? el('span', {class: 'badge'}, 'with changes') : ''],
            subject ?? ''];
        return el('tr', {}, el('th', {scope: 'row'}, side), el('td', {class: 'text'}, name),
            words.map(word => el('td', {class: 'text'}, word)), el('td', {class: 'text compiler', title: compiler}, compiler ?? ''));
    }

    foot() {
        return el('footer', {}, `${this.data.tool} \u00b7 changes are new minus old, figures are per firing \u00b7 red is more, blue is less`);
    }

    /* A view of a request shows that which the address names, else the one that was shown last; the address then names it, so
       that one can go back to it. */
    arrive(view, argument) {
        if (argument !== undefined && Number(argument) in this.data.requests)
            this.chosen = Number(argument);
        if (!(view instanceof RequestTab))
            return;
        history.replaceState(null, '', `#${view.id}/${this.chosen}`);
        view.choose(this.chosen);
    }
}

/* A tab that shows one request at a time, each made when it is first chosen. */
class RequestTab {
    constructor(page, id, make) {
        Object.assign(this, {page, id, make, views: new Map(), place: el('div')});
        const {requests} = page.comparison;
        this.menu = menuOf('request', requests.map(({name, changed}, i) => ({key: i, label: changed ? name : `${name} (no change)`})),
            number => location.hash = `${id}/${number}`);
        this.element = el('div', {}, requests.length > 1 ? el('div', {class: 'bar-row'}, el('label', {}, 'Request: ', this.menu)) : null,
            el('h2', {class: 'on-paper'}), this.place);
    }

    choose(number) {
        const {comparison} = this.page, request = comparison.requests[number];
        if (!this.views.has(number))
            this.views.set(number, new this.make(comparison, request));
        this.view = this.views.get(number);
        this.menu.value = number;
        this.element.querySelector('.on-paper').textContent = request.name;
        this.place.replaceChildren(this.view.element);
    }

    get search() {
        return this.view?.search ?? this.view?.filter;
    }
}

/* -- requests and their totals -- */

function requestsTab(page) {
    const {table, requests} = page.data;
    const names = ['Request', 'Metric'].map(name => el('th', {scope: 'col', class: 'text'}, name));
    const figures = ['Old', 'New', 'New minus old', ''].map(name => el('th', {scope: 'col'}, name));
    return el('div', {}, requests.some(({changed}) => changed) ? null
        : emptyState('Nothing changed: every request did the same in both versions, as far as it was measured.'),
    el('div', {class: 'wide'}, el('table', {class: 'figures totals-table'}, el('thead', {}, el('tr', {}, names, figures,
        el('th', {scope: 'col', class: 'text'}))), requests.map((request, i) => requestRows(request, i, table[i])))));
}

function requestRows(request, number, rows) {
    const isPlain = rows.length === 1 && rows[0].cells.slice(1).every(cell => cell === '');
    const name = el('th', {scope: 'rowgroup', rowspan: rows.length}, el('a', {href: `#lines/${number}`}, request.name));
    return el('tbody', {}, rows.map(({cells, sign, worse}, i) => {
        const [metric, old, now, change, percent, remark] = cells;
        const kind = worse ? 'worse' : sign < 0 ? 'better' : null;
        if (isPlain)
            return el('tr', {}, name, el('td', {class: 'text zero', colspan: 6}, metric));
        return el('tr', {}, i === 0 ? name : null, el('td', {class: 'text'}, metric), el('td', {}, old), el('td', {}, now),
            el('td', {class: kind}, change), el('td', {class: kind}, percent),
            el('td', {class: 'text remark'}, remark, worse ? el('span', {class: 'badge bad'}, 'over its limit') : null));
    }));
}

/* -- functions that came, went or moved -- */

function functionsTab(comparison) {
    const numbers = comparison.functions.map((_, i) => i);
    const only = (side, other) => numbers.filter(number => {
        const {[side]: here, [other]: there} = comparison.functions[number];
        return there === null && here?.own && here.allocates;
    }).sort((a, b) => comparison.functions[b][side].alloc_bytes - comparison.functions[a][side].alloc_bytes);
    const parts = [onlySection(comparison, 'new', only('new', 'old')), onlySection(comparison, 'old', only('old', 'new')),
        movedSection(comparison, numbers.filter(number => comparison.functions[number].moved))].filter(part => part !== null);
    return el('div', {}, parts.length > 0 ? parts
        : emptyState('Both versions allocate in the same functions, in the same files.'));
}

function onlySection(comparison, side, numbers) {
    if (numbers.length === 0)
        return null;
    return functionSection(`Functions only in ${side}`, 'Bytes that they and what they call allocate, per firing, in the requests that both versions have.',
        ['Allocated', 'Function', 'Place'], numbers.map(number => [bytesText(comparison.functions[number][side].alloc_bytes),
            comparison.functionName(number), comparison.placeOn(number, side)]));
}

function movedSection(comparison, numbers) {
    if (numbers.length === 0)
        return null;
    return functionSection('Functions that moved to another file', '', ['Function', 'Place in new', 'Place in old'],
        numbers.map(number => [comparison.functionName(number), comparison.placeOn(number, 'new'), comparison.placeOn(number, 'old')]));
}

function functionSection(title, fact, heads, rows) {
    const kind = head => head === 'Allocated' ? null : 'text';
    return el('section', {}, el('h2', {}, title), el('p', {class: 'facts'}, fact), el('div', {class: 'wide'},
        el('table', {class: 'figures'}, el('thead', {}, el('tr', {}, heads.map(head => el('th', {scope: 'col', class: kind(head)}, head)))),
            el('tbody', {}, rows.map(cells => el('tr', {}, cells.map((cell, i) => el('td', {class: kind(heads[i])}, cell))))))));
}

const page = new ComparePage(JSON.parse(document.getElementById('data').textContent));
