/* Making elements. What comes from the profiled program is only ever put into the page as text. */
'use strict';

/* An element with properties and children: strings become text; null and false are left out. */
function el(tag, properties = {}, ...children) {
    return fill(document.createElement(tag), properties, children);
}

/* The same of SVG. */
function svg(tag, properties = {}, ...children) {
    return fill(document.createElementNS('http://www.w3.org/2000/svg', tag), properties, children);
}

function fill(element, properties, children) {
    for (const [name, value] of Object.entries(properties)) {
        if (value === null || value === undefined || value === false)
            continue;
        if (name.startsWith('on'))
            element.addEventListener(name.slice(2), value);
        else
            element.setAttribute(name, value === true ? '' : value);
    }
    element.append(...children.flat(Infinity).filter(child => child !== null && child !== false && child !== undefined));
    return element;
}

/* A figure of a share, 0..1: its width is set by script, for the policy forbids style attributes. */
function bar(share, kind = '') {
    const inner = el('span', {class: `bar-part ${kind}`});
    inner.style.width = `${Math.max(0, Math.min(1, share)) * 100}%`;
    return el('span', {class: 'bar', 'aria-hidden': 'true'}, inner);
}

/* A button that copies a text, and says so. */
function copyButton(text) {
    const button = el('button', {type: 'button', class: 'small', onclick: async () => {
        button.textContent = await copy(text) ? 'copied' : 'press Ctrl+C';
        setTimeout(() => button.textContent = 'copy', 1500);
    }}, 'copy');
    return button;
}

async function copy(text) {
    try {
        await navigator.clipboard.writeText(text);
        return true;
    } catch {
        return copyBySelection(text);
    }
}

/* Where there is no clipboard for pages of files. */
function copyBySelection(text) {
    const field = el('textarea', {readonly: true, class: 'offscreen'});
    field.value = text;
    document.body.append(field);
    field.select();
    const done = document.execCommand('copy');
    field.remove();
    return done;
}

/* A box to filter by: calls back a moment after the last key. */
function filterBox(label, onchange) {
    let timer = 0;
    const box = el('input', {type: 'search', class: 'filter', placeholder: label, 'aria-label': label, spellcheck: 'false',
        autocomplete: 'off',
        oninput: () => {
            clearTimeout(timer);
            timer = setTimeout(() => onchange(box.value), 120);
        }});
    return box;
}

function isMatch(wanted, ...texts) {
    return texts.some(text => text.toLowerCase().includes(wanted));
}

/* What to show where there is nothing. */
function emptyState(...children) {
    return el('p', {class: 'empty'}, ...children);
}

function code(text) {
    return el('code', {}, text);
}

/* What limits the meaning of the figures, a sentence each; few stay open. Nothing when there is none. */
function warningBox(texts) {
    if (texts.length === 0)
        return null;
    return el('details', {class: 'warnings', open: texts.length <= 2}, el('summary', {},
        `${texts.length} thing${texts.length === 1 ? '' : 's'} to know about these figures`),
    el('ul', {}, texts.map(text => el('li', {}, text))));
}

/* A menu of {key, label}, which calls back with the key. */
function menuOf(label, choices, onchange) {
    const menu = el('select', {'aria-label': label, onchange: () => onchange(menu.value)},
        choices.map(({key, label: text}) => el('option', {value: key}, text)));
    return menu;
}
