/* The data of the page: two versions, their functions, and requests with lines and stacks of both. */

const SIDES = ['old', 'new'];

/* Per firing a figure need not be whole. */
const COMPARED = MEASURES.map(measure => ({...measure, text: value => measure.text(Number(value.toFixed(2)))}));

class Comparison {
    constructor(data) {
        this.data = data;
        this.functions = data.functions;
        this.requests = data.requests;
    }

    isCommon(request) {
        return request.old !== null && request.new !== null;
    }

    /* What both sides of a request have measured. */
    measuresOf(request) {
        const example = request.stacks[0] ?? request.lines[0];
        return COMPARED.filter(({key}) => {
            const at = this.data.measures.indexOf(key);
            return example !== undefined && SIDES.every(side => typeof example[side]?.[at] === 'number');
        });
    }

    /* A measure of a line or stack; of several firings it is a sum, but for the peak. */
    sumOf(entry, side, key) {
        return entry[side][this.data.measures.indexOf(key)];
    }

    /* By what such a sum is divided. */
    firings(request, side, key) {
        return key === 'peak_bytes' ? 1 : request[side].firings;
    }

    valueOf(request, entry, side, key) {
        return this.sumOf(entry, side, key) / this.firings(request, side, key);
    }

    changeOf(request, entry, key) {
        return this.valueOf(request, entry, 'new', key) - this.valueOf(request, entry, 'old', key);
    }

    functionName(number) {
        return this.functions[number].name;
    }

    /* "src/app.c:17" on a side, or the module; "" when neither is known. */
    placeOn(number, side) {
        const {file, line, module} = this.functions[number][side];
        return file !== null ? line !== null ? `${file}:${line}` : file : (module ?? '').replace(/^.*\//, '');
    }

    functionPlace(number) {
        return this.placeOn(number, this.functions[number].new !== null ? 'new' : 'old');
    }

    isOwn(number) {
        return SIDES.some(side => this.functions[number][side]?.own);
    }

    /* Is the line in the file in which its function is defined? Others are of files that are included in it. */
    isInFunction({function: number, place, old_line: old, new_line: now}) {
        const side = now !== null ? 'new' : 'old';
        return place === `${this.functions[number][side]?.file}:${now ?? old}`;
    }

    /* The lines of both sides of a function beside each other; none where their text is not known or not to be shown. */
    textOf(number) {
        const rows = this.functions[number].text ?? [];
        return rows.some(row => SIDES.some(side => typeof row[`${side}_text`] === 'string')) ? rows : [];
    }

    /* The texts of a line on both sides, null where there is none. */
    textsOf(line) {
        const rows = this.isInFunction(line) ? this.textOf(line.function) : [];
        const at = side => {
            const number = line[`${side}_line`];
            return number === null ? null : rows.find(row => row[side] === number)?.[`${side}_text`]?.trim() ?? null;
        };
        return {old: at('old'), new: at('new')};
    }

    /* Lines that changed by a measure, largest change first. */
    changedLines(request, key) {
        const change = line => Math.abs(this.changeOf(request, line, key));
        return request.lines.filter(line => change(line) > 0).sort((a, b) => change(b) - change(a));
    }

    /* The tree of both sides' stacks; an item is a function. */
    treeOf(request, measures) {
        const tree = new FlameTree();
        const nodes = request.stacks.map(({frames}) => frames.reduceRight((node, item) => tree.child(node, item, 0), 0));
        const sums = {old: {}, new: {}};
        for (const side of SIDES)
            for (const {key} of measures)
                sums[side][key] = this.sumUp(request, tree, nodes, side, key);
        return {tree, sums};
    }

    /* Divided last, so that equal figures stay equal. */
    sumUp(request, tree, nodes, side, key) {
        const own = new Float64Array(tree.count), by = this.firings(request, side, key);
        request.stacks.forEach((stack, i) => own[nodes[i]] += this.sumOf(stack, side, key));
        return tree.sumUp(own).map(sum => sum / by);
    }
}

/* What to show of a request that has no lines or stacks on both sides. */
function notComparable(comparison, request) {
    if (comparison.isCommon(request))
        return emptyState(request.stacks.length === 0
            ? 'Neither version has a stack of this request: it allocated nothing, or no stacks were recorded.'
            : 'Only one version has stacks of this request, or they measured different things: only its totals are compared.');
    const side = request.old !== null ? 'old' : 'new';
    return emptyState(`Only ${side} has this request: there is nothing to compare it with.`,
        request[side].folder ? [' Its own page is in ', code(request[side].folder), '.'] : '');
}
