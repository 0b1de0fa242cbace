/* The tab Lines: the line report as a table a function. */

const LINES_HOT = 0.1;
const LINES_WARM = 0.01;
const LINES_STACKS = 8;

class LinesTab {
    constructor(profile, data) {
        this.profile = profile;
        this.data = data;
        this.hasTime = data.lines.some(({rows}) => rows.some(row => typeof row.time === 'number'));
        this.wanted = '';
        this.onlyChanged = false;
        this.sections = el('div');
        this.element = el('div');
        this.element.append(...(data.lines.length > 0 ? [this.controls(), this.sections] : this.whenEmpty()));
        this.show();
    }

    whenEmpty() {
        const isRun = this.data.request.is_run, place = isRun ? 'in this run' : 'in this request';
        const named = this.data.never_ran.map(({name, file, line}) => el('li', {}, code(name), ` ${file}:${line}`));
        return [emptyState(`No annotated function ran ${place}. Put `, code('SYSENG_MEM_PROFILE'), ' before a function (',
            code('#include <syseng_mem.h>'), '), or name one without a rebuild: ', code('--function NAME'), '.'),
            named.length > 0 ? el('p', {}, 'Watched, but they did not run:') : '', el('ul', {class: 'plain'}, named)];
    }

    controls() {
        this.filter = filterBox('filter by function or file  ( / )', wanted => {
            this.wanted = wanted.trim().toLowerCase();
            this.show();
        });
        this.changed = el('input', {type: 'checkbox', onchange: () => {
            this.onlyChanged = this.changed.checked;
            this.show();
        }});
        return el('div', {class: 'bar-row'}, this.filter, el('label', {}, this.changed, ' only lines that changed memory'),
            el('span', {class: 'legend'}, el('span', {}, el('i', {class: 'swatch hot'}), 'above 10 % of a column\'s sum'),
                el('span', {}, el('i', {class: 'swatch warm'}), 'above 1 %')));
    }

    show() {
        const shown = this.data.lines.filter(({name, file}) => isMatch(this.wanted, name, file));
        this.sections.replaceChildren(...shown.map(entry => this.section(entry)));
        if (shown.length === 0)
            this.sections.append(emptyState('No function of that name or file.'));
    }

    section(entry) {
        const facts = [`${countText(entry.calls)} call${entry.calls === 1 ? '' : 's'}`, `heap ${changeText(entry.heap)}`];
        if (entry.increment !== null)
            facts.push(`RSS ${changeText(entry.increment)}`);
        return el('section', {class: 'function'},
            el('h2', {}, code(entry.name), el('span', {class: 'place'}, `${entry.file}:${entry.line}`)),
            el('p', {class: 'facts'}, facts.join(' \u00b7 '), entry.optimized
                ? el('span', {class: 'badge'}, 'optimised: some lines are merged') : null),
            el('div', {class: 'wide'}, this.table(entry)));
    }

    columns() {
        const columns = [
            {name: 'Mem usage', text: row => typeof row.rss === 'number' ? mibText(row.rss) : ''},
            {name: 'Increment', key: 'increment', text: row => typeof row.increment === 'number' ? mibText(row.increment) : ''},
            {name: 'Heap', key: 'heap', text: row => typeof row.heap === 'number' ? mibText(row.heap) : ''},
        ];
        if (this.hasTime)
            columns.push({name: 'Time', key: 'time', text: row => typeof row.time === 'number' ? durationText(row.time) : ''},
                {name: '% Time', text: (row, sums) => typeof row.time === 'number' ? percentText(row.time, sums.time) : ''});
        columns.push({name: 'Occurrences', text: row => row.visits === undefined ? '' : countText(row.visits)});
        return columns;
    }

    table(entry) {
        const columns = this.columns(), sums = this.growth(entry.rows);
        const body = el('tbody');
        for (const row of entry.rows)
            if (!this.onlyChanged || row.increment || row.heap)
                body.append(this.row(entry, row, columns, sums));
        return el('table', {class: 'lines'}, el('thead', {}, el('tr', {}, el('th', {scope: 'col'}, 'Line'),
            columns.map(({name}) => el('th', {scope: 'col'}, name)), el('th', {scope: 'col', class: 'source'}, 'Line contents'))),
        body);
    }

    /* What each column's gains sum to. */
    growth(rows) {
        const sums = {increment: 0, heap: 0, time: 0};
        for (const row of rows)
            for (const key of Object.keys(sums))
                sums[key] += Math.max(0, row[key] ?? 0);
        return sums;
    }

    row(entry, row, columns, sums) {
        const share = Math.max(...Object.keys(sums).map(key => sums[key] > 0 ? (row[key] ?? 0) / sums[key] : 0));
        const heat = share > LINES_HOT ? 'hot' : share > LINES_WARM ? 'warm' : null;
        const cells = columns.map(({key, text}) => {
            const isSource = heat !== null && key && sums[key] > 0 && row[key] / sums[key] > LINES_WARM;
            return el('td', {class: isSource ? 'strong' : row[key] < 0 ? 'loss' : null}, text(row, sums));
        });
        const stacks = this.profile.stacksByPlace().get(`${entry.file}:${row.line}`) ?? [];
        const line = el('tr', {class: heat}, el('td', {class: 'line'}, this.lineNumber(row.line, stacks)), cells,
            el('td', {class: 'source'}, row.text ?? ''));
        if (stacks.length > 0) {
            line.classList.add('has-stacks');
            line.addEventListener('click', () => getSelection().isCollapsed && this.toggle(line, stacks, columns.length + 2));
        }
        return line;
    }

    lineNumber(number, stacks) {
        return stacks.length === 0 ? String(number) : el('button', {type: 'button', class: 'link', 'aria-expanded': 'false',
            title: `${countText(stacks.length)} stack${stacks.length === 1 ? '' : 's'} through this line`}, String(number));
    }

    /* The stacks through a line, below it. */
    toggle(line, stacks, span) {
        const isOpen = line.classList.toggle('open');
        line.querySelector('button').setAttribute('aria-expanded', String(isOpen));
        if (!isOpen)
            line.nextElementSibling.remove();
        else
            line.after(el('tr', {class: 'stacks'}, el('td', {colspan: span}, this.stacks(stacks))));
    }

    stacks(stacks) {
        const {profile} = this, measure = profile.measures.find(({key}) => key === 'alloc_bytes') ?? profile.measures[0];
        const sorted = profile.stacksBy(measure.key, stacks), all = profile.totals[measure.key];
        const cards = sorted.slice(0, LINES_STACKS).map(stack => stackCard(profile, stack, [
            el('b', {}, measure.text(profile.values[measure.key][stack])),
            el('span', {}, `${percentText(profile.values[measure.key][stack], all)} of what was ${measure.label}`)]));
        if (sorted.length > LINES_STACKS)
            cards.push(el('p', {class: 'facts'}, `and ${countText(sorted.length - LINES_STACKS)} smaller ones`));
        return cards.length > 0 ? cards : emptyState('Nothing was allocated through this line.');
    }
}
