/* The index of all snapshots: two that are ticked give the command that compares them. A page from disk can run nothing. */

class Comparer {
    constructor(rows) {
        this.ticked = []; /* rows, at most two; the last one ticked is last */
        this.order = new Map(rows.map((row, i) => [row, i]));
        this.panel = el('aside', {class: 'compare-panel', hidden: true, 'aria-live': 'polite'});
        document.body.append(this.panel);
        rows.forEach(row => row.cells[0].prepend(el('input', {type: 'checkbox', title: 'tick two to compare them',
            'aria-label': `compare ${row.dataset.name}`})));
        rows[0]?.parentNode.addEventListener('change', ({target}) => this.onTick(target));
    }

    onTick(box) {
        const row = box.closest('tr');
        this.ticked = this.ticked.filter(other => other !== row);
        if (box.checked)
            this.ticked.push(row);
        if (this.ticked.length > 2)
            this.ticked.shift().querySelector('input').checked = false;
        this.show();
    }

    show() {
        this.panel.hidden = this.ticked.length === 0;
        this.panel.replaceChildren(...(this.ticked.length < 2 ? [el('p', {}, 'Tick another snapshot to compare this one with.')]
            : this.commands()));
    }

    /* The newest row is first; OLD comes first in the command. */
    commands() {
        const names = this.ticked.slice().sort((a, b) => this.order.get(b) - this.order.get(a)).map(row => row.dataset.name);
        const command = ['syseng-mem', 'compare', ...directory(), ...names].map(shellWord).join(' ');
        return [command, `${command} --as html -o compare.html`].map(text => el('p', {}, code(text), ' ', copyButton(text)));
    }
}

/* Where the snapshots are, when that is known: the page need not be opened from the directory they were made in. */
function directory() {
    if (location.protocol !== 'file:')
        return [];
    return ['-d', decodeURIComponent(location.pathname).replace(/\/[^/]*$/, '') || '/'];
}

function shellWord(word) {
    return /^[\w./:@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

new Comparer([...document.querySelectorAll('.history tbody tr')]);
