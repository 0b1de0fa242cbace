/* A page of views: a link to each. The address names the one that is shown, and what of it: "#flame", "#graph/17". */

class TabbedPage {
    /* `tabs`: {id, label, make}; `make(page)` gives the view, {element}, when it is first opened. A class behind this one has
       `head()` and `foot()`, may have `arrive(view, argument)`, and calls `begin()` once it is ready. */
    constructor(tabs) {
        this.tabs = tabs;
        this.views = {};
    }

    begin() {
        this.links = this.tabs.map(({id, label}) => el('a', {href: `#${id}`}, label));
        this.main = el('main');
        document.body.append(this.head(), el('nav', {'aria-label': 'views'}, this.links), this.main, this.foot());
        addEventListener('hashchange', () => this.open());
        addEventListener('keydown', event => this.onKey(event));
        this.open();
    }

    /* Show the view that the address names. */
    open() {
        const [wanted, argument] = location.hash.slice(1).split('/');
        const tab = this.tabs.find(({id}) => id === wanted) ?? this.tabs[0];
        const view = this.views[tab.id] ??= tab.make(this);
        this.current = view;
        this.links.forEach((link, i) => this.tabs[i] === tab ? link.setAttribute('aria-current', 'page')
            : link.removeAttribute('aria-current'));
        this.main.replaceChildren(view.element);
        this.main.className = `tab-${tab.id}`;
        this.arrive?.(view, argument);
    }

    /* "/" goes to the box that searches or filters what is shown. */
    onKey(event) {
        const isTyping = event.target.matches('input, select, textarea');
        const box = this.current.search ?? this.current.filter;
        if (event.key !== '/' || isTyping || event.ctrlKey || event.metaKey || event.altKey || !box)
            return;
        event.preventDefault();
        box.focus();
        box.select();
    }
}
