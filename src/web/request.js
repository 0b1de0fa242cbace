/* The page of a request: its head, and a tab for each view. */

const TABS = [
    {id: 'lines', label: 'Lines', make: page => new LinesTab(page.profile, page.data)},
    {id: 'flame', label: 'Flame', make: page => flameTab(page)},
    {id: 'graph', label: 'Graph', make: page => new GraphTab(page.profile, page.tree)},
    {id: 'functions', label: 'Functions', make: page => new FunctionsTab(page.profile, number => page.showCallers(number))},
    {id: 'leaks', label: 'Leaks', make: page => new LeaksTab(page.profile, page.data)},
    {id: 'sizes', label: 'Sizes', make: page => ({element: sizesTab(page.profile, page.data)})},
    {id: 'timeline', label: 'Timeline', make: page => ({element: timelineTab(page.data)})},
    {id: 'files', label: 'Files', make: page => ({element: filesTab(page.data.origin)})},
];

class RequestPage extends TabbedPage {
    constructor(data) {
        super(TABS);
        this.data = data;
        this.profile = new Profile(data);
        this.begin();
    }

    get tree() {
        return this.cachedTree ??= profileTree(this.profile);
    }

    head() {
        const {request, origin, warnings} = this.data;
        return el('header', {}, el('p', {class: 'facts'}, this.where(origin)), el('h1', {}, this.title(request), statusBadge(request)),
            el('dl', {class: 'totals'}, this.totals(request).map(([name, value, more]) =>
                el('div', {}, el('dt', {}, name), el('dd', {}, value, more ? el('small', {}, more) : null)))),
            this.warnings(warnings));
    }

    title(request) {
        const name = request.is_run ? this.data.command.join(' ') : `${request.method} ${request.target}`;
        return el('span', {class: 'target'}, name, request.ordinal > 1 ? ` #${request.ordinal}` : '');
    }

    /* Commit, time and program. */
    where({commit, subject, time_s: time, files}) {
        const parts = files ? [el('a', {href: '../index.html'}, 'Snapshot')] : [];
        if (time !== null)
            parts.push(el('time', {}, new Date(1000 * time).toLocaleString()));
        if (commit)
            parts.push(el('span', {}, code(commit.slice(0, 12)), subject ? ` ${subject}` : ''));
        if (!this.data.request.is_run)
            parts.push(code(this.data.command.join(' ')));
        return parts.flatMap((part, i) => i > 0 ? [' \u00b7 ', part] : [part]);
    }

    /* The sums over the stacks, which all formats share; without stacks, or where they are estimates, the allocator's. */
    sums(totals) {
        const sums = this.profile.totals;
        return this.countsAllStacks() ? {...totals, peak_bytes: sums.peak_bytes, alloc_bytes: sums.alloc_bytes, alloc_count: sums.alloc_count,
            not_freed_bytes: sums.live_bytes, not_freed_count: sums.live_count} : totals;
    }

    countsAllStacks() {
        return 'alloc_bytes' in this.profile.totals && this.data.sample_bytes === 0;
    }

    totals({elapsed_ns: elapsed, cpu_ns: cpu, repeat_count: repeats, totals: counted}) {
        const blocks = count => `in ${countText(count)} block${count === 1 ? '' : 's'}`, totals = this.sums(counted);
        const list = [['Elapsed', durationText(elapsed), repeats > 1 ? `${countText(repeats)} times` : ''],
            ['Peak', bytesText(totals.peak_bytes)],
            ['Allocated', bytesText(totals.alloc_bytes), blocks(totals.alloc_count)],
            ['Not freed', bytesText(totals.not_freed_bytes), blocks(totals.not_freed_count)]];
        if (cpu !== null)
            list.splice(1, 0, ['CPU time', durationText(cpu)]);
        if (totals.rss_bytes !== null)
            list.push(['Resident set', changeText(totals.rss_bytes)]);
        return list;
    }

    /* What limits the meaning of the figures. */
    warnings(warnings) {
        const all = this.data.sample_bytes > 0 ? [`Stacks are estimates, of one allocation in ${bytesText(this.data.sample_bytes)}; ` +
            'the figures above are exact.', ...warnings] : warnings;
        return warningBox(all);
    }

    foot() {
        return el('footer', {}, `${this.data.tool} \u00b7 bytes are as the program asked for them; ${this.countsAllStacks() ? 'those of lines' : 'those of the head and of lines'} as the allocator set them aside`);
    }

    arrive(view, argument) {
        if (view instanceof GraphTab && Number(argument) in this.profile.functions.name)
            view.choose(Number(argument));
    }

    showCallers(number) {
        location.hash = `graph/${number}`;
    }
}

function statusBadge({is_run: isRun, status, end, finished}) {
    const text = isRun ? end : status === null ? 'no answer' : String(status);
    const isBad = isRun ? end !== 'exit status 0' : status === null || status >= 400 || !finished;
    return [el('span', {class: isBad ? 'badge bad' : 'badge good'}, text),
        !isRun && status !== null && !finished ? el('span', {class: 'badge bad'}, 'incomplete') : null];
}

const FLAME_KINDS = ['runtime', 'runtime', 'library', 'own', 'own']; /* by rank */

function flameTab({profile, tree}) {
    const measures = profile.measures.filter(({key}) => profile.totals[key] > 0);
    if (measures.length === 0)
        return {element: noStacks(profile)};
    return new FlameView({tree, sums: tree.sums, before: null, measures,
        name: item => profile.functionName(item),
        place: item => profile.functionPlace(item),
        kind: item => FLAME_KINDS[profile.functions.rank[item]],
        details: node => node > 0 ? [profile.framePlace(tree.frame[node])].filter(text => text !== '') : []});
}

const page = new RequestPage(JSON.parse(document.getElementById('data').textContent));
