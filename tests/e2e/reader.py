"""What readers of the pages see and do, for scripts that are called as SCRIPT FOLDER, with pages in it.

They print a line per check: "ok", or "not ok" and why, a tab, its name; at their end "done". Lines that begin with "#" are
figures for the log.
"""

import sys

from browser import Browser

FOLDER = sys.argv[1]
ROW = 20


def check(name, got, expected=True):
    print(f'ok\t{name}' if got == expected else f'not ok: {got!r} is not {expected!r}\t{name}'.replace('\n', ' '), flush=True)


def show(browser, name, tab=''):
    browser.open('about:blank')  # or it would only be another place in the same page
    browser.open(f'file://{FOLDER}/{name}.html#{tab}')


def text(browser, selector):
    return browser.run('return document.querySelector(arguments[0])?.textContent ?? null', selector)


def texts(browser, selector):
    return browser.run('return [...document.querySelectorAll(arguments[0])].map(e => e.textContent)', selector)


def frame_at(browser, depth, share):
    """Where a row of the flame graph is: at a depth, and at a share of its width."""
    left, top, width = browser.run('''const box = document.querySelector('canvas').getBoundingClientRect();
        return [box.left, box.top, box.width]''')
    return left + share * width, top + depth * ROW + ROW / 2


def color_at(browser, depth, share):
    """The colour that is drawn there, once what was asked for is drawn."""
    browser.run('return new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))')
    return browser.run('''const canvas = document.querySelector('canvas'), ratio = devicePixelRatio;
        const [red, green, blue] = canvas.getContext('2d').getImageData(arguments[1] * canvas.width,
            (arguments[0] * 20 + 3) * ratio, 1, 1).data;
        return '#' + [red, green, blue].map(value => value.toString(16).padStart(2, '0')).join('')''', depth, share)


def errors(browser):
    # color_at reads pixels, which Chromium comments on.
    return [line for line in browser.log() if 'willReadFrequently' not in line]


def drive(parts, hostile):
    """The checks one after another: none may leave an error in the console, but that `hostile` has what the policy refused."""
    with Browser(FOLDER) as browser:
        for part in parts:
            part(browser)
            check(f'{part.__name__[6:]}: no error in the console', errors(browser), [])
        hostile(browser)
        # What the policy refused is told there: that is as it should be.
        check('hostile: no error but refusals', [line for line in errors(browser) if 'Content Security Policy' not in line], [])
    print('done\t')
