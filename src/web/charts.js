/* The tabs Sizes and Timeline. */

/* Allocations by powers of two. */
function sizesTab(profile, data) {
    const counts = data.sizes ?? [], all = counts.reduce((sum, count) => sum + count, 0);
    if (all === 0)
        return el('div', {}, data.has_memory ? emptyState('Nothing was allocated.') : noStacks(profile));
    const most = Math.max(...counts), first = counts.findIndex(count => count > 0);
    const last = counts.findLastIndex(count => count > 0);
    const rows = counts.slice(first, last + 1).map((count, i) => el('tr', {}, el('th', {scope: 'row'}, sizeLabel(first + i)),
        el('td', {class: count === 0 ? 'zero' : null}, countText(count)),
        el('td', {class: count === 0 ? 'zero' : null}, percentText(count, all)), el('td', {class: 'chart'}, bar(count / most))));
    return el('div', {}, el('p', {}, `${countText(all)} allocations by the size that was asked for.`),
        el('table', {class: 'figures sizes'}, el('thead', {}, el('tr', {}, el('th', {scope: 'col'}, 'Size'),
            el('th', {scope: 'col'}, 'Allocations'), el('th', {scope: 'col'}, 'Share'), el('th', {scope: 'col'}))),
        el('tbody', {}, rows)));
}

/* Class N has sizes up to 2^N; the last one all others. */
function sizeLabel(number) {
    if (number <= 1)
        return number === 0 ? 'up to 1 B' : '2 B';
    const low = powerText(number - 1);
    return number === 31 ? `over ${low}` : `over ${low} to ${powerText(number)}`;
}

/* A power of two has no decimals. */
function powerText(exponent) {
    return bytesText(2 ** exponent).replace('.0', '');
}

const CHART_WIDTH = 900;
const CHART_HEIGHT = 260;
const CHART_LEFT = 76;
const CHART_BOTTOM = 28;
const CHART_TOP = 18;

/* Heap and resident set of each process over time. */
function timelineTab(data) {
    const most = ({heap}) => heap.reduce((bytes, value) => Math.max(bytes, value), 0);
    const processes = data.processes.filter(({ns}) => ns.length > 1).sort((a, b) => most(b) - most(a));
    if (processes.length === 0)
        return el('div', {}, emptyState('No process ran long enough for a timeline: points are taken every few milliseconds.'));
    return el('div', {}, processes.map(process => el('section', {}, el('h2', {}, process.name), timelineChart(process))));
}

class Timeline {
    constructor(process) {
        this.process = process;
        this.peakNs = process.peak_ns;
        this.endNs = Math.max(process.ns[process.ns.length - 1], this.peakNs ?? 0, 1);
        const figures = [...process.heap, ...process.rss.filter(bytes => bytes !== null)];
        this.most = niceBytes(figures.reduce((most, bytes) => Math.max(most, bytes), this.peakNs === null ? 1 : process.peak_bytes));
    }

    x(ns) {
        return CHART_LEFT + (CHART_WIDTH - CHART_LEFT - 10) * ns / this.endNs;
    }

    y(bytes) {
        return CHART_HEIGHT - CHART_BOTTOM - (CHART_HEIGHT - CHART_BOTTOM - CHART_TOP) * Math.max(0, bytes) / this.most;
    }

    /* A line through known points; unknown ones leave a gap. */
    path(ns, values) {
        let path = '';
        values.forEach((bytes, i) => {
            if (bytes !== null)
                path += `${i > 0 && values[i - 1] !== null ? 'L' : 'M'}${this.x(ns[i]).toFixed(1)} ${this.y(bytes).toFixed(1)}`;
        });
        return path;
    }

    /* The heap's points with its peak among them, which is known more exactly. */
    withPeak() {
        const {ns, heap, peak_bytes: bytes} = this.process;
        if (this.peakNs === null)
            return {ns, heap};
        const at = ns.findLastIndex(time => time <= this.peakNs) + 1;
        return {ns: ns.toSpliced(at, 0, this.peakNs), heap: heap.toSpliced(at, 0, bytes)};
    }

    axes() {
        const marks = [];
        for (let i = 0; i <= 4; i++) {
            const bytes = this.most * i / 4, ns = this.endNs * i / 4, y = this.y(bytes);
            marks.push(svg('line', {class: 'grid', x1: CHART_LEFT, x2: CHART_WIDTH - 10, y1: y, y2: y}),
                svg('text', {x: CHART_LEFT - 8, y: y + 4, 'text-anchor': 'end'}, bytesText(bytes)),
                svg('text', {x: this.x(ns), y: CHART_HEIGHT - 8, 'text-anchor': i === 4 ? 'end' : 'middle'}, ns === 0 ? '0' : durationText(ns)));
        }
        return marks;
    }

    peak() {
        if (this.peakNs === null)
            return [];
        const x = this.x(this.peakNs), isRight = x > CHART_WIDTH - 160, bytes = this.process.peak_bytes;
        return [svg('line', {class: 'peak', x1: x, x2: x, y1: CHART_TOP, y2: CHART_HEIGHT - CHART_BOTTOM}),
            svg('circle', {class: 'peak', cx: x, cy: this.y(bytes), r: 4}),
            svg('text', {class: 'peak', x: x + (isRight ? -8 : 8), y: CHART_TOP - 6, 'text-anchor': isRight ? 'end' : 'start'},
                `peak of the heap ${bytesText(bytes)} at ${durationText(this.peakNs)}`)];
    }

    /* The index of the point nearest to a place. */
    nearest(x) {
        const wanted = (x - CHART_LEFT) / (CHART_WIDTH - CHART_LEFT - 10) * this.endNs, {ns} = this.process;
        let best = 0;
        for (let i = 1; i < ns.length; i++)
            if (Math.abs(ns[i] - wanted) < Math.abs(ns[best] - wanted))
                best = i;
        return best;
    }
}

function timelineChart(process) {
    const chart = new Timeline(process), {heap, rss, ns} = process;
    const heapLine = chart.withPeak();
    const cursor = svg('line', {class: 'cursor', y1: CHART_TOP, y2: CHART_HEIGHT - CHART_BOTTOM, visibility: 'hidden'});
    const told = el('p', {class: 'facts', role: 'status'}, `${countText(ns.length)} points`);
    const picture = svg('svg', {class: 'chart', viewBox: `0 0 ${CHART_WIDTH} ${CHART_HEIGHT}`, role: 'img',
        'aria-label': `heap and resident set of ${process.name} over ${durationText(chart.endNs)}`}, chart.axes(),
    svg('path', {class: 'rss', d: chart.path(ns, rss)}), svg('path', {class: 'heap', d: chart.path(heapLine.ns, heapLine.heap)}), chart.peak(), cursor);
    picture.addEventListener('mousemove', event => {
        const box = picture.getBoundingClientRect();
        const i = chart.nearest((event.clientX - box.left) * CHART_WIDTH / box.width);
        for (const end of ['x1', 'x2'])
            cursor.setAttribute(end, chart.x(ns[i]));
        cursor.setAttribute('visibility', 'visible');
        told.textContent = `at ${durationText(ns[i])}: heap ${bytesText(heap[i])}${rss[i] === null ? '' : `, RSS ${bytesText(rss[i])}`}`;
    });
    return [el('span', {class: 'legend'}, el('span', {}, el('i', {class: 'swatch heap'}), 'heap'),
        el('span', {}, el('i', {class: 'swatch rss'}), 'resident set')), picture, told];
}

/* A round figure at or above `bytes`, of four parts that are round too. */
function niceBytes(bytes) {
    let step = 1024;
    while (step * 4 < bytes)
        step *= 2;
    return step * 3 >= bytes && step >= 2048 ? step * 3 : step * 4;
}
