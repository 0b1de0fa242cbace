/* The tab Lines of a comparison: the lines of a request that changed, and the texts of their functions beside each other. */

const CHANGED_MOST = 30; /* lines, and functions, at first */
const CHANGED_MORE = 5; /* times as many with each click */
const CONTEXT = 3;
const FOLD_FROM = 4;

class CompareLines {
    constructor(comparison, request) {
        Object.assign(this, {comparison, request, wanted: '', most: CHANGED_MOST});
        this.measures = comparison.measuresOf(request);
        this.element = el('div');
        if (this.measures.length === 0) {
            this.element.append(notComparable(comparison, request));
            return;
        }
        this.measure = this.measures.find(({key}) => key === 'alloc_bytes') ?? this.measures[0];
        this.linesOf = Map.groupBy(request.lines, line => line.function);
        this.content = el('div');
        this.element.append(this.controls(), this.content);
        this.show();
    }

    controls() {
        this.menu = menuOf('measure', this.measures, key => {
            this.measure = this.measures.find(measure => measure.key === key);
            this.show();
        });
        this.menu.value = this.measure.key;
        this.filter = filterBox('filter by function or file  ( / )', wanted => {
            this.wanted = wanted.trim().toLowerCase();
            this.show();
        });
        const kinds = [['added', 'only in new'], ['removed', 'only in old'], ['edited', 'edited']];
        return el('div', {class: 'bar-row'}, el('label', {}, 'Measure: ', this.menu), this.filter, el('span', {class: 'legend'},
            kinds.map(([kind, label]) => el('span', {}, el('i', {class: `swatch ${kind}`}), label))));
    }

    show() {
        const {comparison, request, measure} = this;
        const all = comparison.changedLines(request, measure.key);
        const lines = all.filter(line => isMatch(this.wanted, comparison.functionName(line.function), line.place));
        this.rows = new Map();
        const functions = [...new Set(lines.map(line => line.function))];
        this.content.replaceChildren(...(lines.length === 0 ? [this.whenEmpty(all)] : [this.mostChanged(lines),
            ...functions.slice(0, this.most).map(number => this.section(number)), this.rest(lines.length)]));
    }

    whenEmpty(all) {
        return emptyState(all.length > 0 ? 'No line that changed is of a function or file of that name.'
            : `No line changed in this measure (${this.measure.label}).`);
    }

    /* Functions are in the order of their first lines: those of the lines that are shown are shown too. */
    rest(count) {
        return count <= this.most ? '' : el('p', {}, el('button', {type: 'button', class: 'more', onclick: () => {
            this.most *= CHANGED_MORE;
            this.show();
        }}, `show more of the ${countText(count)} lines`));
    }

    values(line) {
        return SIDES.map(side => this.comparison.valueOf(this.request, line, side, this.measure.key));
    }

    mostChanged(lines) {
        return el('section', {}, el('h2', {}, `Lines that changed most (${this.measure.label})`),
            el('p', {class: 'facts'}, `${countText(lines.length)} line${lines.length === 1 ? '' : 's'}, per request, new minus old`),
            el('div', {class: 'wide'}, el('table', {class: 'figures changes'}, el('thead', {}, el('tr', {},
                ['Change', 'Old', 'New'].map(name => el('th', {scope: 'col'}, name)),
                ['Place', 'Function', 'Line'].map(name => el('th', {scope: 'col', class: 'text'}, name)))),
            el('tbody', {}, lines.slice(0, this.most).map(line => this.changedLine(line))))));
    }

    changedLine(line) {
        const [old, now] = this.values(line), texts = this.comparison.textsOf(line);
        const isSingle = line.old_line === null || line.new_line === null;
        const remark = !isSingle || line.by_offset ? null
            : el('span', {class: 'badge'}, line.new_line === null ? 'only in old' : 'only in new');
        const before = texts.old !== null && texts.new !== null && texts.old !== texts.new
            ? el('div', {class: 'was'}, 'was ', code(texts.old)) : null;
        return el('tr', {}, el('td', {class: now > old ? 'worse' : 'better'}, signedText(this.measure, now - old)),
            el('td', {}, this.measure.text(old)), el('td', {}, this.measure.text(now)),
            el('td', {class: 'text'}, el('button', {type: 'button', class: 'link place', onclick: () => this.goTo(line)}, line.place)),
            el('td', {class: 'text'}, el('span', {class: 'name'}, this.comparison.functionName(line.function))),
            el('td', {class: 'text code'}, code(texts.new ?? texts.old ?? ''), remark, before));
    }

    /* To the line among those of its function. */
    goTo(line) {
        const row = this.rows.get(line);
        row.scrollIntoView({block: 'center'});
        row.tabIndex = -1;
        row.focus({preventScroll: true});
    }

    /* -- a function -- */

    section(number) {
        const {comparison} = this, {moved, old, new: now} = comparison.functions[number];
        const facts = moved ? `was in ${comparison.placeOn(number, 'old')}` : old === null ? 'only in new' : now === null ? 'only in old' : '';
        return el('section', {class: 'function'},
            el('h2', {}, code(comparison.functionName(number)), el('span', {class: 'place'}, comparison.functionPlace(number)),
                facts ? el('span', {class: 'badge'}, facts) : null),
            el('div', {class: 'wide'}, this.table(number)));
    }

    table(number) {
        const body = el('tbody');
        const head = side => [el('th', {scope: 'col'}, side), el('th', {scope: 'col'}, this.measure.label), el('th', {scope: 'col', class: 'source'}, '')];
        this.fill(body, this.pairs(number));
        return el('table', {class: 'lines beside'}, el('thead', {}, el('tr', {}, el('th', {scope: 'col'}), head('old'), head('new'),
            el('th', {scope: 'col'}, 'Change'))), body);
    }

    /* The lines of both sides beside each other, with what is known of each; such as are not in the text come last, those of other
       files with their places. */
    pairs(number) {
        const {comparison} = this;
        const lines = this.linesOf.get(number), used = new Set();
        const pairs = comparison.textOf(number).map(pair => {
            const found = lines.filter(line => comparison.isInFunction(line) &&
                SIDES.some(side => pair[side] !== null && line[`${side}_line`] === pair[side]));
            found.forEach(line => used.add(line));
            return {...pair, lines: found};
        });
        return pairs.concat(lines.filter(line => !used.has(line)).map(line => ({old: line.old_line, new: line.new_line,
            old_text: null, new_text: null, place: comparison.isInFunction(line) ? '' : line.place, lines: [line]})));
    }

    /* Long stretches without anything to see are folded. */
    fill(body, pairs) {
        const isPlain = pair => pair.lines.length === 0 && pairKind(pair) === '';
        let folded = [];
        const flush = () => {
            if (folded.length >= FOLD_FROM)
                body.append(this.fold(folded));
            else
                body.append(...folded.map(pair => this.pairRow(pair)));
            folded = [];
        };
        pairs.forEach((pair, i) => {
            const near = pairs.slice(Math.max(0, i - CONTEXT), i + CONTEXT + 1);
            if (i > 0 && near.every(isPlain)) {
                folded.push(pair);
                return;
            }
            flush();
            body.append(this.pairRow(pair));
        });
        flush();
    }

    fold(pairs) {
        const row = el('tr', {class: 'fold'}, el('td', {colspan: 8}, el('button', {type: 'button', class: 'link', onclick: () =>
            row.replaceWith(...pairs.map(pair => this.pairRow(pair)))}, `${countText(pairs.length)} equal lines`)));
        return row;
    }

    pairRow(pair) {
        const kind = pairKind(pair), {mark, title} = PAIR_KINDS[kind];
        const change = this.totalOf(pair, 'new') - this.totalOf(pair, 'old');
        const row = el('tr', {class: kind || null}, el('td', {class: 'mark', title}, mark),
            SIDES.map(side => this.sideCells(pair, side)),
            el('td', {class: change > 0 ? 'worse' : change < 0 ? 'better' : null}, signedText(this.measure, change)));
        pair.lines.forEach(line => this.rows.set(line, row));
        return row;
    }

    /* Divided last, so that equal figures stay equal. */
    totalOf(pair, side) {
        const {comparison, request, measure: {key}} = this;
        return pair.lines.reduce((sum, line) => sum + comparison.sumOf(line, side, key), 0) / comparison.firings(request, side, key);
    }

    /* Number, figure and text; a figure is blank where there is no line, but for lines whose number is not known at all. */
    sideCells(pair, side) {
        const isThere = pair[side] !== null || pair.old === pair.new, hasFigure = isThere && pair.lines.length > 0;
        return [el('td', {class: 'line'}, pair[side] === null ? '' : String(pair[side])),
            el('td', {}, hasFigure ? this.measure.text(this.totalOf(pair, side)) : ''),
            el('td', {class: `source ${side}`}, pair[`${side}_text`] ?? (isThere ? pair.place ?? '' : ''))];
    }
}

const PAIR_KINDS = {
    '': {mark: '', title: null},
    added: {mark: '+', title: 'only in new'},
    removed: {mark: '-', title: 'only in old'},
    edited: {mark: '~', title: 'edited'},
};

/* How the texts of a pair differ: blanks at the ends do not count. */
function pairKind({old, new: now, old_text: oldText, new_text: newText}) {
    if ((old === null) !== (now === null))
        return old === null ? 'added' : 'removed';
    return (oldText ?? '').trim() === (newText ?? '').trim() ? '' : 'edited';
}
