# shellcheck shell=sh
# Pages in a browser.

# browser_checks SCRIPT PAGE ...: make sample pages, and pass on what a script of tests/e2e says that a reader sees of them.
browser_checks()
{
    for needed in chromium chromedriver python3; do
        have $needed || skip_all "no $needed"
    done
    [ -x "$targets/page-make" ] || skip_all 'the pages were not built (--disable-tests)'
    script=$1
    shift
    for page; do
        "$targets/page-make" "$page" "$top_srcdir/tests/golden" >"$page.html" || bail "cannot make $page.html"
    done
    # Python would leave its cache in the sources.
    PYTHONDONTWRITEBYTECODE=1 HOME=$scratch python3 "$top_srcdir/tests/e2e/$script" "$scratch" >results 2>errors ||
        comment "$(cat errors)"
    tab=$(printf '\t')
    finished=no
    while IFS=$tab read -r outcome name; do
        case $outcome in
        ok) verdict 0 "$name" ;;
        done) finished=yes ;;
        '#'*) echo "$outcome" ;;
        *) verdict 1 "$name"; comment "$outcome" ;;
        esac
    done <results
    is $finished yes 'the browser was driven to the end'
}
