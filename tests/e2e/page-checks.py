"""What a reader does with the pages, in a browser: page-checks.py FOLDER, which has request.html and the others.

Prints a line per check: "ok", or "not ok" and why, a tab, its name. Lines that begin with "#" are figures for the log.
"""

import time

from reader import check, color_at, drive, frame_at, show, text, texts

TABS = ('lines', 'flame', 'graph', 'functions', 'leaks', 'sizes', 'timeline', 'files')


def check_tabs(browser):
    show(browser, 'request')
    check('without a hash the lines are shown', text(browser, 'nav [aria-current]'), 'Lines')
    for tab in TABS:
        browser.click_on(f'nav a[href="#{tab}"]')
        browser.wait('return document.querySelector("main").className === "tab-" + arguments[0]', tab)
        check(f'a click opens {tab}', browser.run('''return document.querySelector("main").textContent.length > 20 &&
            document.querySelector(".empty") === null && location.hash'''), f'#{tab}')
    browser.run('history.back()')
    browser.wait('return document.querySelector("main").className === "tab-timeline"')
    check('the browser goes back to the view before', True)
    check('the head tells the request', text(browser, 'h1'), 'GET /memory200')
    check('and its figures', texts(browser, '.totals dd')[:4], ['0.74 ms', '0.34 ms', '601.7 KiB', '638.1 KiBin 159 blocks'])
    check('and what limits them', any('7 records lost' in line for line in texts(browser, '.warnings li')))


ROW_OF_LINE = '''const row = [...document.querySelectorAll('.lines tbody tr')].find(row =>
    row.querySelector('.line')?.textContent === arguments[0]);'''


def check_lines(browser):
    show(browser, 'request', 'lines')
    cells = browser.run(ROW_OF_LINE + 'return [...row.cells].map(cell => cell.textContent)', '12')
    check('a line has its figures', cells, ['12', '16.031 MiB', '0.508 MiB', '0.500 MiB', '0.28 ms', '87.4 %', '1',
                                            '\tint *r = range(xr.hi);'])
    cells = browser.run(ROW_OF_LINE + 'return [...row.cells].map(cell => cell.textContent)', '23')
    check('a line that never ran is blank', cells[1:7], [''] * 6)
    heat = [browser.run(ROW_OF_LINE + 'return row.className', line).split(' ')[0] for line in ('12', '20', '22')]
    check('critical lines are marked', heat, ['hot', 'warm', ''])
    browser.run(ROW_OF_LINE + 'row.id = "twelve"', '12')
    browser.click_on('#twelve')
    stacks = texts(browser, 'tr.stacks .card .name')
    check('a click on a line shows its stacks', stacks, ['range', 'memory', 'handle_request', 'serve', 'main'])
    check('the inlined one is marked', texts(browser, 'tr.stacks .badge'), ['inlined'])
    browser.click_on('#twelve')
    check('a second click hides them', texts(browser, 'tr.stacks'), [])
    browser.run(ROW_OF_LINE + 'row.querySelector("button").focus()', '12')
    browser.press('Enter')
    check('so does the keyboard', len(texts(browser, 'tr.stacks')), 1)
    browser.press('/')
    browser.press('store')
    browser.wait('return document.querySelectorAll("section.function").length === 1')
    check('slash goes to the filter', text(browser, 'section.function h2 code'), 'store::store(char const*)')


def check_flame(browser):
    show(browser, 'request', 'flame')
    check('the menu has what was measured', texts(browser, '.flame option'),
          ['peak', 'allocated', 'allocations', 'not freed', 'blocks not freed', 'temporary', 'CPU time'])
    browser.move(*frame_at(browser, 4, 0.3))
    told = browser.wait('return [...document.querySelectorAll(".tooltip:not([hidden]) div")].map(e => e.textContent)')
    check('the tooltip names function, place and share', told[:3], ['memory', 'source/app.c:12', 'peak 512.0 KiB, 85.1 % of all'])
    browser.click(*frame_at(browser, 4, 0.95))
    spoken = text(browser, '[aria-live]')
    check('a click zooms', spoken.startswith('store::store') and browser.run('return page.current.focus') > 0)
    check('what is zoomed to is as wide as the graph', color_at(browser, 4, 0.02), color_at(browser, 4, 0.9))
    browser.press('Escape')
    check('Escape shows all again', text(browser, '[aria-live]').startswith('all, '))
    for key in ('Down', 'Down', 'Down', 'Down', 'Right'):
        browser.press(key)
    check('arrows move', text(browser, '[aria-live]').split(',')[0], 'store::store')
    browser.press('Left')
    browser.press('Down')
    check('down to the largest callee', text(browser, '[aria-live]').split(',')[0], 'range  (inlined)')
    browser.press('Enter')
    check('Enter zooms', browser.run('return page.profile.functionName(page.tree.item[page.current.focus])'), 'range')
    browser.press('Up')
    check('and up leads out', text(browser, '[aria-live]').split(',')[0], 'memory')
    browser.press('Escape')
    browser.press('/')
    browser.press('RANGE')
    browser.wait('return document.querySelector(".flame .share").textContent !== ""')
    check('a search tells its share', text(browser, '.flame .share'), '512.0 KiB, 85.1 % matches')
    check('and marks what it finds', color_at(browser, 5, 0.5), '#f2a33c')
    browser.press('Escape')
    check('Escape ends the search', text(browser, '.flame .share'), '')
    browser.run('''const menu = document.querySelector('.flame select'); menu.value = 'time_ns';
        menu.dispatchEvent(new Event('change'))''')
    check('the menu changes the measure', color_at(browser, 5, 0.7) != '#ffffff')
    browser.move(*frame_at(browser, 0, 0.5))
    browser.wait('return document.querySelector(".tooltip").textContent.includes("CPU time 0.34 ms")')
    browser.run('document.querySelector(".as-text summary").click()')
    browser.wait('return document.querySelector(".flame-list li") !== null')
    check('the same is there as a list', texts(browser, '.flame-list > ul > li > details > summary')[0], 'main  0.34 ms 100.0 %')


def check_difference(browser):
    """A view of two profiles: as the page that compares them has it."""
    show(browser, 'request', 'flame')
    browser.run('''const {tree, profile} = page, now = tree.sums.peak_bytes;
        const before = now.map((value, node) => node > 0 && profile.functionName(tree.item[node]) === 'memory' ? value / 2
            : node > 0 && profile.functionName(tree.item[node]) === 'store::store' ? value * 2 : value);
        const view = new FlameView({tree, sums: {peak_bytes: now}, before: {peak_bytes: before}, measures: [MEASURES[0]],
            name: item => profile.functionName(item), place: () => '', kind: () => 'own', details: () => []});
        document.querySelector('main').replaceChildren(view.element)''')
    def channels(depth, share):
        color = color_at(browser, depth, share)
        return [int(color[at:at + 2], 16) for at in (1, 3, 5)]
    red, _, blue = channels(4, 0.3)
    check('more is red', red > blue + 50)
    red, _, blue = channels(4, 0.95)
    check('less is blue', blue > red + 50)
    red, _, blue = channels(2, 0.5)
    check('the same is neither', abs(red - blue) < 20)
    browser.move(*frame_at(browser, 4, 0.3))
    browser.wait('return document.querySelector(".tooltip:not([hidden])").textContent.includes("peak: 256.0 KiB \u2192 512.0 KiB, +256.0 KiB")')
    check('the tooltip tells what was before', True)


def check_functions(browser):
    show(browser, 'request', 'functions')
    first = 'document.querySelector("tbody th .name").textContent'
    check('largest totals are first', browser.run(f'return {first}') in ('main', 'serve', 'handle_request'))
    browser.run('document.querySelectorAll("thead tr:last-child th button")[1].id = "own-peak"')
    browser.click_on('#own-peak')
    check('a click sorts by a column', browser.run(f'return {first}'), 'range')
    browser.click_on('#own-peak')
    check('a second click turns it round', browser.run(f'return {first}') != 'range')
    check('which is told to all', browser.run('return document.querySelector("#own-peak").parentNode.ariaSort'), 'ascending')
    browser.press('/')
    browser.press('store.cpp')
    browser.wait('return document.querySelectorAll("tbody tr").length === 2')
    check('a filter takes files too', sorted(texts(browser, 'tbody .name')), ['store::fill', 'store::store'])
    browser.click_on('tbody .name')
    browser.wait('return document.querySelector("main").className === "tab-graph"')
    check('a click on a name leads to callers and callees', text(browser, '.chosen .name').startswith('store::'))
    check('the picture of the graph is there', texts(browser, '.graph-picture text'), ['handle_request', '100.0%', 'memory'])


def check_others(browser):
    show(browser, 'request', 'leaks')
    check('the largest is first', texts(browser, '.card-head b'), ['24.0 KiB', '1.6 KiB', '16 B'])
    check('each has its suppression', texts(browser, '.suppression code'), ['leak:store::store', 'leak:parse_headers', 'leak:memory'])
    browser.click_on('.suppression button')
    check('which can be copied', browser.wait('''const text = document.querySelector('.suppression button').textContent;
        return text !== 'copy' && text'''), 'copied')
    show(browser, 'request', 'sizes')
    counts = [int(cells[0]) for cells in browser.run('''return [...document.querySelectorAll('tbody tr')].map(row =>
        [row.cells[1].textContent])''')]
    check('sizes sum to the allocations', [sum(counts), text(browser, 'main p').split(' ')[0]], [159, '159'])
    show(browser, 'request', 'timeline')
    check('a timeline a process', texts(browser, 'main h2'), ['app (pid 812)', 'app (pid 813)'])
    check('the peak is marked', 'peak of the heap 602.0 KiB at 371 ms' in texts(browser, 'text.peak'))
    x, y, width, height = browser.run('''const box = document.querySelector('svg.chart').getBoundingClientRect();
        return [box.left, box.top, box.width, box.height]''')
    browser.move(x + width * 0.5, y + height * 0.5)
    check('the pointer reads it', text(browser, 'main section .facts').startswith('at 2'))
    show(browser, 'request', 'files')
    check('files are linked', browser.run('return [...document.querySelectorAll("tbody a")].map(a => a.getAttribute("href")).length'), 9)
    check('with what opens them', 'kcachegrind profile.kgrind' in texts(browser, 'tbody code'))


def check_empty(browser):
    for tab in TABS:
        show(browser, 'empty', tab)
        check(f'{tab} says what to do where there is nothing', len(texts(browser, '.empty')), 1)
    show(browser, 'empty', 'lines')
    check('how to annotate', all(word in text(browser, '.empty') for word in ('SYSENG_MEM_PROFILE', '--function')))
    show(browser, 'no-source', 'lines')
    check('without sources the lines have no text', set(texts(browser, 'td.source')), {''})
    check('but their figures', text(browser, 'tr.hot .strong') is not None)


def check_hostile(browser):
    show(browser, 'request')
    tame = browser.run('return document.querySelectorAll("script, img, a").length')
    for tab in TABS:
        show(browser, 'hostile', tab)
        browser.run('document.querySelector(".has-stacks")?.click()')
        check(f'{tab}: names stay text', browser.run('''return [window.attacked === undefined,
            document.querySelectorAll("img, image, main script, foreignObject, [onload]").length,
            performance.getEntriesByType("resource").length]'''), [True, 0, 0])
    show(browser, 'hostile', 'lines')
    check('there is no element more', browser.run('return document.querySelectorAll("script, img, a").length'), tame)
    check('and they can be read', '<img src=x' in text(browser, 'h1'))
    show(browser, 'hostile', 'graph')
    check('of a picture only shapes are left', browser.run('''return [...document.querySelectorAll(".graph-picture *")].map(e =>
        e.localName + e.attributes.length)'''), ['svg0', 'g0', 'text0', 'g0'])


def check_large(browser):
    started = time.monotonic()
    show(browser, 'large', 'flame')
    browser.wait('return document.querySelector("canvas")?.width > 0')
    loaded = time.monotonic() - started
    nodes, zoom = browser.run('''const view = page.current, started = performance.now();
        view.focus = view.layout.children[1][0];
        view.drawNow();
        return [view.tree.count, performance.now() - started]''')
    scroll = browser.run('''const view = page.current;
        view.focus = 0;
        const started = performance.now();
        for (let i = 0; i < 20; i++) {
            view.scroller.scrollTop = 40 * i;
            view.drawNow();
        }
        return (performance.now() - started) / 20''')
    print(f'# 10,000 stacks, {nodes} nodes: {loaded:.2f} s to load, {zoom:.1f} ms to zoom, {scroll:.1f} ms a picture while scrolling')
    check('ten thousand stacks are there', browser.run('return page.profile.stackCount'), 10000)
    check('the graph scrolls', browser.run('return page.current.scroller.scrollHeight > page.current.scroller.clientHeight'))


def check_indexes(browser):
    started = time.monotonic()
    show(browser, 'history')
    rows = browser.run('return document.querySelectorAll("tbody tr").length')
    print(f'# 1,000 snapshots of 5 requests: {time.monotonic() - started:.2f} s to load')
    check('a thousand snapshots', rows, 1000)
    check('are text', browser.run('return document.querySelectorAll("b, the").length'), 0)
    check('links lead into the folders', browser.run('return document.querySelector("tbody td a").getAttribute("href")'),
          '2026-11-22_18%3A999%3A00/GET.page00.000738ms/index.html')
    show(browser, 'snapshot')
    check('a snapshot has its requests', browser.run('return document.querySelectorAll("tbody tr").length'), 5)


def tick(browser, number):
    browser.run('document.querySelectorAll("tbody input")[arguments[0]].id = `box-${arguments[0]}`', number)
    browser.click_on(f'#box-{number}')


def check_comparer(browser):
    show(browser, 'history')
    check('the way to a comparison keeps out of sight', text(browser, '.compare-panel'), '')
    tick(browser, 3)
    check('one tick asks for another', 'Tick another' in text(browser, '.compare-panel'))
    tick(browser, 1)
    name = browser.run('return location.pathname').rsplit('/', 1)[0]
    old, new = '2026-11-22_18:996:00', '2026-11-22_18:998:00'
    commands = texts(browser, '.compare-panel code')
    check('two give the command, the older one first', commands,
          [f'syseng-mem compare -d {name} {old} {new}', f'syseng-mem compare -d {name} {old} {new} --as html -o compare.html'])
    browser.click_on('.compare-panel button')
    check('which can be copied', browser.wait("""const text = document.querySelector('.compare-panel button').textContent;
        return text !== 'copy' && text"""), 'copied')
    tick(browser, 2)
    check('a third tick takes the place of the first', texts(browser, '.compare-panel code')[0].split(' ')[4:],
          ['2026-11-22_18:997:00', new])
    check('two stay ticked', browser.run('return document.querySelectorAll("tbody input:checked").length'), 2)
    tick(browser, 1)
    tick(browser, 2)
    check('without any it goes', browser.run('return document.querySelector(".compare-panel").hidden'))
    browser.run('document.querySelector("#box-1").focus()')
    browser.press(' ')
    check('a key ticks too', 'Tick another' in text(browser, '.compare-panel'))
    check('words are quoted for the shell', browser.run("""return ["it's", 'a b', 'plain-1.0', '<b>'].map(shellWord)"""),
          ["'it'\\''s'", "'a b'", 'plain-1.0', "'<b>'"])


def check_looks(browser):
    show(browser, 'request', 'lines')
    color = 'return getComputedStyle(document.body).backgroundColor'
    browser.emulate(prefers_color_scheme='light')
    light = browser.run(color)
    browser.emulate(prefers_color_scheme='dark')
    check('dark differs from light', browser.run(color) != light)
    browser.emulate(media='print')
    check('paper has no tabs', browser.run('return getComputedStyle(document.querySelector("nav")).display'), 'none')
    browser.emulate()


drive((check_tabs, check_lines, check_flame, check_difference, check_functions, check_others, check_empty, check_large,
       check_indexes, check_comparer, check_looks), check_hostile)
