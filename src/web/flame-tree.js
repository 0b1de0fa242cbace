/* A tree of calls for the flame graph, in flat arrays: a node stands for an item (a function) under its parent. Values of
   a second profile may be given as well: the graph then shows the difference. */

class FlameTree {
    constructor() {
        this.parent = [0];
        this.item = [-1];
        this.depth = [0];
        this.inlined = [0];
        this.numbers = new Map();
    }

    /* The child of `parent` that stands for `item`; made at first sight. Items are below 2^21. */
    child(parent, item, inlined) {
        const key = parent * 2097152 + item;
        let node = this.numbers.get(key);
        if (node === undefined) {
            node = this.parent.length;
            this.numbers.set(key, node);
            this.parent.push(parent);
            this.item.push(item);
            this.depth.push(this.depth[parent] + 1);
            this.inlined.push(1);
        }
        this.inlined[node] &= inlined;
        return node;
    }

    get count() {
        return this.parent.length;
    }

    /* Own values to those with everything below: parents come before their children. */
    sumUp(own) {
        const sums = Float64Array.from(own);
        for (let node = this.count - 1; node > 0; node--)
            sums[this.parent[node]] += sums[node];
        return sums;
    }

    /* Where each node lies when all is laid out by `values`, the largest child first: `start` in their unit, `order` of
       nodes from the root, each followed by those below it, which end before `last`. */
    layOut(values) {
        const children = this.childrenBy(values);
        const start = new Float64Array(this.count), at = new Int32Array(this.count), last = new Int32Array(this.count);
        const order = [];
        const todo = [0];
        while (todo.length > 0) {
            const node = todo.pop();
            if (node < 0) {
                last[~node] = order.length;
                continue;
            }
            at[node] = order.length;
            order.push(node);
            todo.push(~node);
            let left = start[node];
            for (const child of children[node] ?? []) {
                start[child] = left;
                left += values[child];
            }
            for (const child of (children[node] ?? []).slice().reverse())
                todo.push(child);
        }
        return {values, start, order, at, last, children};
    }

    /* Of each node those children that have any value, largest first. */
    childrenBy(values) {
        const children = new Array(this.count);
        for (let node = 1; node < this.count; node++)
            if (values[node] > 0)
                (children[this.parent[node]] ??= []).push(node);
        for (const list of children)
            list?.sort((a, b) => values[b] - values[a]);
        return children;
    }
}

/* The tree of a profile, functions being the items; `own` has each measure's own values, `frame` an example of a node. */
function profileTree(profile) {
    const tree = new FlameTree(), nodeOf = new Int32Array(profile.nodeParent.length);
    tree.frame = [-1];
    for (let i = 1; i < nodeOf.length; i++) {
        const frame = profile.nodeFrame[i];
        nodeOf[i] = tree.child(nodeOf[profile.nodeParent[i]], profile.frames.function[frame], profile.frames.inlined[frame]);
        tree.frame[nodeOf[i]] ??= frame;
    }
    tree.sums = {};
    for (const {key} of profile.measures) {
        const own = new Float64Array(tree.count);
        for (let stack = 0; stack < profile.stackCount; stack++)
            own[nodeOf[profile.stackNode[stack]]] += profile.values[key][stack];
        tree.sums[key] = tree.sumUp(own);
    }
    return tree;
}
