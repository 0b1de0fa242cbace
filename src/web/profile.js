/* The data of the page: functions, frames, and stacks as a tree of frames, outermost at the root. */

class Profile {
    constructor(data) {
        this.data = data;
        this.functions = data.functions;
        this.frames = data.frames;
        this.measures = MEASURES.filter(measure => measure.key in data.stacks.values);
        this.stackCount = data.stacks.keep.length;
        this.values = {};
        this.totals = {};
        for (const {key} of this.measures) {
            this.values[key] = Float64Array.from(data.stacks.values[key]);
            this.totals[key] = this.values[key].reduce((sum, value) => sum + value, 0);
        }
        this.readTree(data.stacks);
    }

    /* Nodes are numbered parents first; node 0 is the root and has no frame. */
    readTree({keep, fresh, path}) {
        this.nodeParent = new Int32Array(path.length + 1);
        this.nodeFrame = new Int32Array(path.length + 1).fill(-1);
        this.stackNode = new Int32Array(this.stackCount);
        const open = [0];
        let node = 0;
        for (let stack = 0; stack < this.stackCount; stack++) {
            open.length = keep[stack] + 1;
            for (let i = 0; i < fresh[stack]; i++) {
                this.nodeParent[node + 1] = open[open.length - 1];
                this.nodeFrame[node + 1] = path[node];
                open.push(++node);
            }
            this.stackNode[stack] = open[open.length - 1];
        }
    }

    /* The frames of a stack, innermost first. */
    framesOf(stack) {
        const frames = [];
        for (let node = this.stackNode[stack]; node > 0; node = this.nodeParent[node])
            frames.push(this.nodeFrame[node]);
        return frames;
    }

    functionName(number) {
        return this.data.names[this.functions.name[number]];
    }

    /* "src/app.c:17", or the module; "" when neither is known. */
    functionPlace(number) {
        return this.place(this.functions.file[number], this.functions.line[number], number);
    }

    framePlace(frame) {
        return this.place(this.frames.file[frame], this.frames.line[frame], this.frames.function[frame]);
    }

    place(file, line, number) {
        if (file >= 0)
            return line > 0 ? `${this.data.files[file]}:${line}` : this.data.files[file];
        const module = this.functions.module[number];
        return module >= 0 ? this.data.names[module].replace(/^.*\//, '') : '';
    }

    frameName(frame) {
        return this.functionName(this.frames.function[frame]);
    }

    /* The frame that a stack's memory is put down to: the innermost of the best rank. */
    blame(stack) {
        let best = -1;
        for (const frame of this.framesOf(stack))
            if (best < 0 || this.rank(frame) > this.rank(best))
                best = frame;
        return best;
    }

    rank(frame) {
        return this.functions.rank[this.frames.function[frame]];
    }

    /* For each place ("src/app.c:17") the stacks that go through it. */
    stacksByPlace() {
        if (this.byPlace)
            return this.byPlace;
        this.byPlace = new Map();
        for (let stack = 0; stack < this.stackCount; stack++)
            for (const place of new Set(this.framesOf(stack).map(frame => this.framePlace(frame))))
                if (this.byPlace.has(place))
                    this.byPlace.get(place).push(stack);
                else
                    this.byPlace.set(place, [stack]);
        return this.byPlace;
    }

    /* Own and total of each function: recursion counts once a stack. */
    functionFigures() {
        const count = this.functions.name.length, seen = new Int32Array(count).fill(-1), figures = {};
        for (const {key} of this.measures)
            figures[key] = {own: new Float64Array(count), total: new Float64Array(count)};
        for (let stack = 0; stack < this.stackCount; stack++)
            this.addFigures(stack, figures, seen);
        return figures;
    }

    addFigures(stack, figures, seen) {
        const numbers = this.framesOf(stack).map(frame => this.frames.function[frame]);
        for (const {key} of this.measures)
            figures[key].own[numbers[0]] += this.values[key][stack];
        for (const number of numbers) {
            if (seen[number] === stack)
                continue;
            seen[number] = stack;
            for (const {key} of this.measures)
                figures[key].total[number] += this.values[key][stack];
        }
    }

    /* Those stacks that have any of a measure, most first. */
    stacksBy(key, stacks = null) {
        const values = this.values[key];
        const chosen = stacks ?? Array.from({length: this.stackCount}, (_, stack) => stack);
        return chosen.filter(stack => values[stack] > 0).sort((a, b) => values[b] - values[a]);
    }
}
