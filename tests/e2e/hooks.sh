# shellcheck shell=sh disable=SC2034,SC2154
# hooks.sh: what the tests of the preload library alone share, over lib.sh.

library=$top_builddir/src/preload/.libs/libsyseng_mem_preload.so
session_dump=$targets/session-dump
test -r "$library" || bail "$library is not there; run make first"
test -x "$session_dump" || bail "$session_dump is not there; run make check"

# under [OPTION ...] PROGRAM [ARG ...]: runs it in a session; what the session then holds is in the file `dump`.
under()
{
    under_options=
    while :; do
        case $1 in
        -n | -c) under_options="$under_options $1" && shift ;;
        -C | -F | -v) under_options="$under_options $1 $2" && shift 2 ;;
        *) break ;;
        esac
    done
    # The options are words.
    # shellcheck disable=SC2086
    run "$session_dump" $under_options -o dump "$library" "$@"
}

# of SERIAL FIELD: a number from `dump`.
of()
{
    sed -n "s/^process $1 .* $2=\([^ ]*\).*/\1/p" dump
}

# can_preload LIBRARY: whether the loader finds it.
can_preload()
{
    ! LD_PRELOAD=$1 /bin/true 2>&1 | grep -q 'cannot be preloaded'
}

# same_as_plain NAME PROGRAM [ARG ...]: runs it without the library and under it; output and status must be equal, and
# nothing may come on standard error under it.
same_as_plain()
{
    same_name=$1
    shift
    LD_PRELOAD=${MORE_PRELOAD:-} "$@" >plain.out 2>/dev/null
    same_status=$?
    under "$@"
    is "$status" "$same_status" "$same_name: the status is that of a plain run"
    ok "$same_name: the output is that of a plain run" cmp plain.out out
}
