/* The tab Leaks: blocks that were not freed, a card per stack. */

const LEAKS_SHOWN = 50;

class LeaksTab {
    constructor(profile, data) {
        this.profile = profile;
        this.element = el('div');
        if (!data.has_memory) {
            this.element.append(noStacks(profile));
            return;
        }
        this.stacks = profile.stacksBy('live_bytes');
        this.wanted = '';
        this.shown = LEAKS_SHOWN;
        this.cards = el('div');
        this.more = el('button', {type: 'button', onclick: () => {
            this.shown = Infinity;
            this.show();
        }});
        if (this.stacks.length === 0)
            this.element.append(emptyState('Everything that was allocated was freed.'));
        else
            this.element.append(...this.intro(data), this.cards, this.more);
        this.show();
    }

    intro(data) {
        const {totals} = this.profile, when = data.request.is_run ? 'when the program ended' : 'after the last request';
        this.filter = filterBox('filter by any frame  ( / )', wanted => {
            this.wanted = wanted.trim().toLowerCase();
            this.show();
        });
        return [el('p', {}, el('b', {}, bytesText(totals.live_bytes)), ` in ${countText(totals.live_count)} blocks were not freed ${when}. `,
            'That alone is no leak: a cache is not freed either. Which of them are lost or grow with every request, ',
            code('syseng-mem check'), ' tells.'), el('div', {class: 'bar-row'}, this.filter)];
    }

    show() {
        const {profile} = this;
        const found = this.stacks.filter(stack => this.wanted === '' || profile.framesOf(stack).some(frame =>
            isMatch(this.wanted, profile.frameName(frame), profile.framePlace(frame))));
        this.cards.replaceChildren(...found.slice(0, this.shown).map(stack => this.card(stack)));
        this.more.hidden = found.length <= this.shown;
        this.more.textContent = `show all ${countText(found.length)}`;
    }

    card(stack) {
        const {profile} = this, {values, totals} = profile, line = `leak:${profile.frameName(profile.blame(stack))}`;
        const blocks = values.live_count[stack];
        return stackCard(profile, stack, [el('b', {}, bytesText(values.live_bytes[stack])),
            el('span', {}, `in ${countText(blocks)} block${blocks === 1 ? '' : 's'}`),
            el('span', {class: 'place'}, percentText(values.live_bytes[stack], totals.live_bytes)),
            el('span', {class: 'suppression'}, 'to suppress it: ', code(line), copyButton(line))]);
    }
}
