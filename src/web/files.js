/* The tab Files: what else is in the folder, and what opens it. */

const FILE_USES = {
    'lines.txt': ['the line report', 'less lines.txt'],
    'callstack.txt': ['functions, as Python\'s pstats prints them', 'less callstack.txt'],
    'dot.png': ['the call graph', 'xdg-open dot.png'],
    'dot.dot': ['the call graph, for graphviz', 'xdot dot.dot'],
    'profile.prof': ['for pprof', 'go tool pprof -http=: profile.prof'],
    'profile.kgrind': ['for KCachegrind and callgrind_annotate', 'kcachegrind profile.kgrind'],
    'profile.folded': ['folded stacks, for flamegraph.pl', 'flamegraph.pl --countname bytes profile.folded >flame.svg'],
    'profile.speedscope.json': ['for speedscope', 'speedscope profile.speedscope.json'],
    'meta.json': ['request, commit and figures, for scripts', 'jq . meta.json'],
};

function filesTab(origin) {
    if (!origin.files)
        return el('div', {}, emptyState('This page stands alone. ', code('syseng-mem snapshot'),
            ' writes it into a folder, beside the same profile in the formats of other tools.'));
    const rows = origin.files.map(name => {
        const [use, command] = FILE_USES[name] ?? ['', ''];
        return el('tr', {}, el('th', {scope: 'row', class: 'text'}, el('a', {href: encodeURIComponent(name)}, name)),
            el('td', {class: 'text'}, use), el('td', {class: 'text'}, command ? [code(command), ' ', copyButton(command)] : ''));
    });
    return el('div', {}, el('div', {class: 'wide'}, el('table', {class: 'figures'}, el('thead', {}, el('tr', {},
        ['File', 'What it is', 'Open it with'].map(text => el('th', {scope: 'col', class: 'text'}, text)))), el('tbody', {}, rows))));
}
