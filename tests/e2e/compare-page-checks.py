"""What a reader does with the page of a comparison: compare-page-checks.py FOLDER, which has comparison.html and the others."""

import time

from reader import check, color_at, drive, frame_at, show, text, texts

TABS = ('requests', 'lines', 'flame', 'functions')


def rows(browser, selector):
    return browser.run('return [...document.querySelectorAll(arguments[0])].map(row => [...row.cells].map(cell => cell.textContent))', selector)


def choose(browser, label, value):
    browser.run("""const menu = document.querySelector(`select[aria-label="${arguments[0]}"]`);
        menu.value = arguments[1];
        menu.dispatchEvent(new Event('change'))""", label, value)


def check_head(browser):
    show(browser, 'comparison')
    old, new = rows(browser, '.versions tr')
    check('the old version is named', [old[0], old[1], old[3], old[4]], ['old', '2026-11-22_18:20:37', 'd2c91aa02e8f', 'reuse header buffer'])
    check('the new one too', [new[0], new[3], new[4]], ['new', '19eff8d4with changes', 'dup headers | all of them'])
    check('what is worse, and by which limit', text(browser, '.verdict.bad'),
          'worse: GET /memory not freed +176 B (limit 0), peak +50.4 % (limit +10 %)')
    check('builds that differ are told', any('old was built with' in line for line in texts(browser, '.warnings li')))


def check_requests(browser):
    show(browser, 'comparison')
    table = rows(browser, '.totals-table tbody tr')
    check('the peak', table[0], ['GET /memory', 'peak', '516.1 KiB', '776.2 KiB', '+260.1 KiB', '+50.4 %', 'over its limit'])
    check('what was not freed', table[3], ['not freed', '0 B', '176 B', '+176 B', '', 'over its limit'])
    check('time is told with its noise', table[4][4:], ['', 'within noise (10 runs, +-4 %)'])
    check('other requests', [row[:2] for row in table[5:]], [['GET /', 'no change'], ['GET /user?id=1', 'only in new']])
    check('only what is over a limit is red', len(texts(browser, '.totals-table td.worse')), 4)
    browser.click_on('.totals-table a')
    browser.wait('return document.querySelector("main").className === "tab-lines"')
    check('a request leads to its lines', browser.run('return location.hash'), '#lines/0')


def check_lines(browser):
    show(browser, 'comparison', 'lines')
    table = rows(browser, '.changes tbody tr')
    check('the line that changed most is first', table[0],
          ['+256.0 KiB', '512.0 KiB', '768.0 KiB', 'src/app.c:4', 'range', 'uint64_t *r = malloc(n * sizeof *r);'])
    check('an edited line has its old text', table[1][5],
          'char small[16], *buffer = malloc(8192);was char small[16], *buffer = malloc(4096);')
    check('an added line is told', table[2], ['+176 B', '0 B', '176 B', 'src/app.c:11', 'header_dup', 'return strdup(s);only in new'])
    check('a removed one too, without text where there is none', table[3][:5], ['-100 B', '100 B', '0 B', 'src/log.c:4', 'old_log'])
    check('functions in that order', texts(browser, 'section.function h2 code'), ['range', 'handle', 'header_dup', 'old_log'])
    body = rows(browser, 'section.function:nth-of-type(2) tbody tr')
    check('an inserted comment stands beside nothing', body[2], ['+', '', '', '', '3', '', '    /* Room for a | b. */', ''])
    check('the line below it beside itself', body[3], ['', '3', '512.0 KiB', '    uint64_t *r = malloc(n * sizeof *r);', '4', '768.0 KiB',
                                                       '    uint64_t *r = malloc(n * sizeof *r);', '+256.0 KiB'])
    check('lines that allocate nothing have no figures', [row[2] + row[5] for row in body if row[1] != '3'], [''] * 6)
    kinds = browser.run("""return [...document.querySelectorAll('section.function:nth-of-type(3) tbody tr')].map(row => row.className)""")
    check('edited and added lines are marked', kinds, ['', '', 'edited', 'edited', 'added', '', '', ''])
    browser.click_on('.changes tbody tr:nth-child(2) button')
    check('a click on a place leads to the line', browser.run('return document.activeElement.className'), 'edited')
    choose(browser, 'measure', 'live_bytes')
    check('the menu changes the measure', [row[0] for row in rows(browser, '.changes tbody tr')], ['+176 B'])
    choose(browser, 'measure', 'alloc_count')
    check('counts are per firing', [row[:3] for row in rows(browser, '.changes tbody tr')][0], ['+11', '0', '11'])
    choose(browser, 'measure', 'temporary_count')
    check('a measure that did not change says so', 'No line changed' in text(browser, '.empty'))
    choose(browser, 'measure', 'alloc_bytes')
    browser.press('/')
    browser.press('LOG.c')
    browser.wait('return document.querySelectorAll(".changes tbody tr").length === 1')
    check('slash goes to the filter', text(browser, '.changes .name'), 'old_log')
    choose(browser, 'request', '2')
    browser.wait('return document.querySelector(".empty") !== null')
    check('a request of one side has nothing to compare', 'Only new has this request' in text(browser, '.empty'))
    browser.run('history.back()')
    browser.wait('return document.querySelector(".changes") !== null')
    check('the browser goes back to the request before', True)


def check_folds(browser):
    """A long function, of which only one line changed."""
    show(browser, 'comparison', 'lines')
    browser.run("""const {comparison} = page, [request] = comparison.requests;
        const number = request.lines[0].function, {text} = comparison.functions[number];
        const more = Array.from({length: 40}, (_, i) => ({old: 100 + i, new: 101 + i, old_text: `line ${i}`, new_text: `line ${i}`}));
        comparison.functions[number].text = text.concat(more);
        document.querySelector('main').replaceChildren(new CompareLines(comparison, request).element)""")
    check('a long stretch of equal lines is folded', texts(browser, '.fold'), ['40 equal lines'])
    browser.click_on('.fold button')
    check('a click unfolds it', [len(rows(browser, 'section.function:nth-of-type(2) tbody tr')), texts(browser, '.fold')], [47, []])


def check_no_source(browser):
    show(browser, 'comparison-no-source', 'lines')
    check('without sources there is no text', [row[5] for row in rows(browser, '.changes tbody tr')], ['', '', 'only in new', 'only in old'])
    check('only lines with figures, by their numbers', rows(browser, 'section.function:nth-of-type(2) tbody tr'),
          [['', '3', '512.0 KiB', '', '4', '768.0 KiB', '', '+256.0 KiB']])


def channels(browser, depth, share):
    color = color_at(browser, depth, share)
    return [int(color[at:at + 2], 16) for at in (1, 3, 5)]


def told(browser):
    return browser.wait('return [...document.querySelectorAll(".tooltip:not([hidden]) div")].map(e => e.textContent)')


def check_flame(browser):
    show(browser, 'comparison', 'flame')
    check('the menu has what both measured', texts(browser, 'select[aria-label="measure"] option'),
          ['peak', 'allocated', 'allocations', 'not freed', 'blocks not freed'])
    check('stacks of one side are counted', text(browser, '.tab-flame .facts'),
          '2 stacks in both, 2 of which changed; 1 only in new; 1 only in old: choose "of old" to see those.')
    choose(browser, 'measure', 'alloc_bytes')
    browser.move(*frame_at(browser, 3, 0.3))
    check('the tooltip tells both', told(browser)[:4],
          ['range', 'src/app.c:1', 'allocated 768.0 KiB, 98.9 % of all', 'allocated: 512.0 KiB \u2192 768.0 KiB, +256.0 KiB'])
    red, _, blue = channels(browser, 3, 0.3)
    check('more is red', red > blue + 50)
    names = browser.run('return page.current.view.view.layout.order.map(node => page.current.view.view.nodeName(node))')
    check('widths are those of new', ['header_dup' in names, 'old_log' in names], [True, False])
    choose(browser, 'side', 'old')
    names = browser.run('return page.current.view.view.layout.order.map(node => page.current.view.view.nodeName(node))')
    check('or of old, with what went', ['header_dup' in names, 'old_log' in names], [False, True])
    browser.press('/')
    browser.press('log')
    browser.wait('return document.querySelector(".flame .share").textContent !== ""')
    check('a search tells its share', text(browser, '.flame .share'), '100 B, 0.0 % matches')
    browser.press('Escape')
    for key in ('Down', 'Down', 'Right'):
        browser.press(key)
    check('arrows move', text(browser, '[aria-live]').split(',')[0], 'old_log')
    check('what went is told as less', 'allocated: 100 B \u2192 0 B, -100 B' in text(browser, '[aria-live]'))
    browser.press('Enter')
    red, _, blue = channels(browser, 2, 0.5)
    check('Enter zooms, and less is blue', blue > red + 20)
    choose(browser, 'side', 'new')
    check('where the other side has nothing, all is shown', browser.run('return page.current.view.view.focus'), 0)
    browser.run('document.querySelector(".as-text summary").click()')
    browser.wait('return document.querySelector(".flame-list li") !== null')
    check('the same is there as a list', '\u2192' in texts(browser, '.flame-list > ul > li > details > summary')[0])


def check_functions(browser):
    show(browser, 'comparison', 'functions')
    check('functions of one side', texts(browser, 'main h2'), ['Functions only in new', 'Functions only in old'])
    check('with what they allocate', rows(browser, 'main tbody tr'), [['176 B', 'header_dup', 'src/app.c:9'], ['100 B', 'old_log', 'src/log.c:3']])


def check_same(browser):
    show(browser, 'comparison-same')
    check('nothing changed is said so', text(browser, '.empty').startswith('Nothing changed'))
    check('and nothing is worse', text(browser, '.verdict.good'), 'not worse (limits: not-freed>0, peak>10%)')
    for tab in TABS[1:]:
        show(browser, 'comparison-same', tab)
        check(f'{tab} says so too', len(texts(browser, '.empty')), 1)


def check_large(browser):
    started = time.monotonic()
    show(browser, 'comparison-large', 'flame')
    browser.wait('return document.querySelector("canvas")?.width > 0')
    loaded = time.monotonic() - started
    nodes, zoom, side = browser.run("""const view = page.current.view.view;
        let started = performance.now();
        view.focus = view.layout.children[1][0];
        view.drawNow();
        const zoom = performance.now() - started;
        started = performance.now();
        view.setSide('old');
        view.drawNow();
        return [view.tree.count, zoom, performance.now() - started]""")
    started = time.monotonic()
    show(browser, 'comparison-large', 'lines')
    browser.wait('return document.querySelector(".changes") !== null')
    lines = time.monotonic() - started
    print(f'# 10,000 stacks on both sides, {nodes} nodes: {loaded:.2f} s to load, {zoom:.1f} ms to zoom, {side:.0f} ms to the other side, '
          f'{lines:.2f} s to the lines')
    check('ten thousand stacks are there', browser.run('return page.data.requests[0].stacks.length') >= 9000)
    check('only the largest changes are shown at first', browser.run('return document.querySelectorAll(".changes tbody tr").length'), 30)
    browser.click_on('button.more')
    check('more when asked for', browser.run('return document.querySelectorAll(".changes tbody tr").length'), 150)


def check_looks(browser):
    show(browser, 'comparison', 'lines')
    color = 'return getComputedStyle(document.body).backgroundColor'
    browser.emulate(prefers_color_scheme='light')
    light = browser.run(color)
    browser.emulate(prefers_color_scheme='dark')
    check('dark differs from light', browser.run(color) != light)
    browser.emulate(media='print')
    check('paper names the request', browser.run("""const head = document.querySelector('.on-paper');
        return getComputedStyle(head).display !== 'none' && head.textContent"""), 'GET /memory')
    show(browser, 'comparison', 'flame')
    choose(browser, 'side', 'old')
    check('and what the menus say', browser.run('return document.querySelector(".flame .on-paper").innerText'), 'Width: peak of old')
    browser.emulate()


def check_hostile(browser):
    for tab in TABS:
        show(browser, 'comparison-hostile', tab)
        check(f'{tab}: names stay text', browser.run("""return [window.attacked === undefined,
            document.querySelectorAll("img, image, main script, [onload], [onerror]").length,
            performance.getEntriesByType("resource").length]"""), [True, 0, 0])
    check('and they can be read', '<img src=x' in text(browser, '.versions'))


drive((check_head, check_requests, check_lines, check_folds, check_no_source, check_flame, check_functions, check_same, check_large, check_looks), check_hostile)
