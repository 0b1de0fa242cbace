/* A stack as a list of its frames. */

/* Frames of deep recursions are left out in the middle. */
const STACK_ENDS = 24;

function stackList(profile, stack) {
    const frames = profile.framesOf(stack);
    const list = el('ol', {class: 'stack', start: 0});
    frames.forEach((frame, depth) => {
        if (depth === STACK_ENDS && frames.length > 2 * STACK_ENDS)
            list.append(el('li', {class: 'gap'}, `${frames.length - 2 * STACK_ENDS} more frames`));
        if (depth < STACK_ENDS || depth >= frames.length - STACK_ENDS || frames.length <= 2 * STACK_ENDS)
            list.append(stackFrame(profile, frame));
    });
    if (profile.data.stacks.cut[stack])
        list.append(el('li', {class: 'gap'}, 'outer frames are not known'));
    return list;
}

function stackFrame(profile, frame) {
    const text = profile.frames.text[frame];
    return el('li', {class: profile.rank(frame) >= 3 ? 'own' : null},
        el('span', {class: 'name'}, profile.frameName(frame)),
        profile.frames.inlined[frame] ? el('span', {class: 'badge'}, 'inlined') : null,
        el('span', {class: 'place'}, profile.framePlace(frame)),
        text ? el('code', {}, text) : null);
}

/* What is known of a stack's blocks, in a sentence's pieces. */
function stackFacts(profile, stack) {
    const facts = profile.measures.filter(({key}) => key.endsWith('_bytes') || key === 'time_ns')
        .filter(({key}) => profile.values[key][stack] > 0)
        .map(({key, label, text}) => `${label} ${text(profile.values[key][stack])}`);
    const {size_min: least, size_max: most, age_count: ages, age_ns: ageNs} = profile.data.stacks;
    if (most[stack] > 0)
        facts.push(least[stack] === most[stack] ? `blocks of ${bytesText(most[stack])}`
            : `blocks of ${bytesText(least[stack])} to ${bytesText(most[stack])}`);
    if (ages[stack] > 0)
        facts.push(`lived ${durationText(ageNs[stack] / ages[stack])} on average`);
    return facts.join(' \u00b7 ');
}

/* A card: a figure, then the stack. */
function stackCard(profile, stack, head) {
    return el('article', {class: 'card'}, el('div', {class: 'card-head'}, ...head),
        el('p', {class: 'facts'}, stackFacts(profile, stack)), stackList(profile, stack));
}
