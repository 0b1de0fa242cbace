# shellcheck shell=sh disable=SC2034
# lib.sh: what end-to-end tests share. POSIX sh; speaks TAP.
#
#   #!/bin/sh
#   . "${top_srcdir:-.}/tests/lib.sh"
#   compile app -g -O0 "$top_srcdir/tests/targets/app.c"
#   run "$SYSENG_MEM" run ./app
#   is "$status" 0 'the status is the program'"'"'s'
#   like "$(cat err)" 'peak' 'the summary names the peak'
#   done_testing
#
# A test starts in a scratch directory of its own, which is removed when it ends (kept with KEEP_SCRATCH=1; its path is
# then printed). `make check` gives top_srcdir, top_builddir, CC and CXX; run by hand from the top of the source tree, say
# top_builddir=/path/to/build. A test whose own machinery breaks ends with status 99, which the driver counts as an error.
#
# SPDX-License-Identifier: MIT

set -u
LC_ALL=C
export LC_ALL
unset NO_COLOR SYSENG_MEM_CHANNEL SYSENG_MEM_PRELOAD LD_PRELOAD MALLOC_CONF
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY all_proxy

top_srcdir=$(cd "${top_srcdir:-.}" && pwd) || exit 99
top_builddir=$(cd "${top_builddir:-$top_srcdir}" && pwd) || exit 99
: "${CC:=cc}" "${CXX:=c++}"

# The program under test, and where `make` put the test programs (tests/targets).
SYSENG_MEM=${SYSENG_MEM:-$top_builddir/src/cli/syseng-mem}
targets=$top_builddir/tests/targets
test -x "$SYSENG_MEM" || { echo "Bail out! $SYSENG_MEM is not there; run make first"; exit 99; }

tests_run=0
tests_failed=0
tests_done=no
scratch=$(mktemp -d "${TMPDIR:-/tmp}/syseng-mem-test.XXXXXX") || exit 99
cd "$scratch" || exit 99

clean_up()
{
    tests_status=$?
    trap - EXIT
    if [ "$tests_done" = no ] && [ "$tests_status" -ne 99 ]; then
        echo '# the test ended early'
        tests_status=99
    fi
    if [ -n "${KEEP_SCRATCH:-}" ]; then
        echo "# scratch directory: $scratch"
    else
        cd / && chmod -R u+rwx "$scratch" && rm -rf "$scratch"
    fi
    exit "$tests_status"
}
trap clean_up EXIT
trap 'exit 99' HUP INT TERM

# comment TEXT: lines for the log, each with "# " in front.
comment()
{
    printf '%s\n' "$*" | sed 's/^/# /'
}

# bail TEXT: the test itself broke.
bail()
{
    printf 'Bail out! %s\n' "$*"
    exit 99
}

# verdict STATUS NAME: one TAP line; STATUS is 0 for a pass.
verdict()
{
    tests_run=$((tests_run + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $tests_run - $2"
    else
        tests_failed=$((tests_failed + 1))
        echo "not ok $tests_run - $2"
    fi
}

# ok NAME COMMAND [ARG ...]: passes when the command does; what it prints goes into the log.
ok()
{
    ok_name=$1
    shift
    ok_verdict=0
    "$@" >ok.log 2>&1 || ok_verdict=$?
    verdict "$ok_verdict" "$ok_name"
    [ "$ok_verdict" -eq 0 ] || comment "$(cat ok.log)"
}

# todo NAME REASON COMMAND [ARG ...]: like ok, for what is known not to hold yet: it fails no test.
todo()
{
    todo_name=$1 todo_reason=$2
    shift 2
    tests_run=$((tests_run + 1))
    if "$@" >todo.log 2>&1; then
        echo "ok $tests_run - $todo_name"
    else
        echo "not ok $tests_run - $todo_name # TODO $todo_reason"
    fi
}

# is GOT EXPECTED NAME: passes when the two texts are equal.
is()
{
    if [ "$1" = "$2" ]; then
        verdict 0 "$3"
    else
        verdict 1 "$3"
        comment "got:      $1"
        comment "expected: $2"
    fi
}

# like TEXT ERE NAME: passes when a line of TEXT matches the extended regular expression; unlike: when none does.
like()
{
    if printf '%s\n' "$1" | grep -E -q -e "$2"; then
        verdict 0 "$3"
    else
        verdict 1 "$3"
        comment "no match for: $2"
        comment "in: $1"
    fi
}

unlike()
{
    if printf '%s\n' "$1" | grep -E -q -e "$2"; then
        verdict 1 "$3"
        comment "matches: $2"
        comment "in: $1"
    else
        verdict 0 "$3"
    fi
}

# skip NAME REASON: one test that this machine cannot run. skip_all REASON: none of this file's can.
skip()
{
    tests_run=$((tests_run + 1))
    echo "ok $tests_run - $1 # SKIP $2"
}

skip_all()
{
    tests_done=yes
    echo "1..0 # SKIP $*"
    exit 0
}

# run COMMAND [ARG ...]: runs it with its output in the files `out` and `err`; its exit status is in $status.
run()
{
    status=0
    "$@" >out 2>err || status=$?
}

# compile OUTPUT [FLAG | SOURCE ...]: builds with the project's header at hand; C++ when a source's name says so.
compile()
{
    compile_output=$1
    shift
    compile_driver=$CC
    for compile_word in "$@"; do
        case $compile_word in
        *.cc | *.cpp | *.cxx) compile_driver=$CXX ;;
        esac
    done
    # $CC may hold flags of its own.
    # shellcheck disable=SC2086
    $compile_driver -I"$top_srcdir/src" -o "$compile_output" "$@" >compile.log 2>&1 || {
        comment "$(cat compile.log)"
        bail "cannot compile $compile_output"
    }
}

# have COMMAND: is it on this machine?
have()
{
    command -v "$1" >/dev/null 2>&1
}

# sanitized: is syseng-mem itself built with AddressSanitizer? That has to be the first library of its process.
sanitized()
{
    ldd "$SYSENG_MEM" 2>/dev/null | grep -q libasan || nm "$SYSENG_MEM" 2>/dev/null | grep -q ' T __asan_init'
}

# done_testing: the last line of every test.
done_testing()
{
    tests_done=yes
    echo "1..$tests_run"
    exit 0
}
