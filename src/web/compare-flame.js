/* The tab Flame of a comparison: the flame graph of both sides' stacks. */

class CompareFlame {
    constructor(comparison, request) {
        this.element = el('div');
        const measured = comparison.measuresOf(request), {tree, sums} = comparison.treeOf(request, measured);
        const measures = measured.filter(({key}) => sums.old[key][0] > 0 || sums.new[key][0] > 0);
        if (measures.length === 0) {
            this.element.append(measured.length > 0 ? emptyState('Nothing was allocated, in neither version.')
                : notComparable(comparison, request));
            return;
        }
        this.view = new FlameView({tree, sums: sums.new, before: sums.old, measures,
            name: item => comparison.functionName(item),
            place: item => comparison.functionPlace(item),
            kind: item => comparison.isOwn(item) ? 'own' : 'library',
            details: node => node > 0 ? [comparison.functionPlace(tree.item[node])].filter(text => text !== '') : []});
        this.search = this.view.search;
        this.element.append(el('p', {class: 'facts'}, stackCounts(comparison, request, measures)), this.view.element);
    }
}

/* How many stacks are on one side only. */
function stackCounts(comparison, request, measures) {
    const has = (stack, side) => measures.some(({key}) => comparison.sumOf(stack, side, key) > 0);
    const both = request.stacks.filter(stack => has(stack, 'old') && has(stack, 'new'));
    const only = side => request.stacks.filter(stack => has(stack, side)).length - both.length;
    const changed = both.filter(stack => measures.some(({key}) => comparison.changeOf(request, stack, key) !== 0));
    const shared = `${countText(both.length)} stack${both.length === 1 ? '' : 's'} in both`;
    if (only('old') + only('new') + changed.length === 0)
        return `${shared}, none of which changed.`;
    return `${shared}, ${countText(changed.length)} of which changed; ${countText(only('new'))} only in new; ` +
        `${countText(only('old'))} only in old${only('old') > 0 ? ': choose "of old" to see those' : ''}.`;
}
