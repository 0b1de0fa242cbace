# shellcheck shell=sh disable=SC2034,SC2154
# hostile.sh: a case runs alone and under every mode of syseng-mem, and must print the same, complain of the same, and end in the
# same way, in time. Sourced after tests/lib.sh and tests/e2e/programs.sh.
#
# With FULL=1 every instruction is stopped at as well. MODES names other modes than the usual ones; `heaptrack` and `valgrind`
# are modes too, for comparison: what they print themselves is taken out, and they get more time.
#
# SPDX-License-Identifier: MIT

have jq || skip_all 'jq is not installed'
# shellcheck disable=SC3045 # dash and bash have it
ulimit -c 0

usual_modes='run counters sampled timed lines checked snapshot'
modes=${MODES:-$usual_modes${FULL:+ instructions}}

# except MODES SECTION: the next case may differ in these modes, by what the section of docs/limits.md explains.
exceptions=
except()
{
    exceptions=$1 exception=$2
    grep -q -x -F "## $exception" "$top_srcdir/docs/limits.md" || bail "docs/limits.md has no section '$exception'"
}

# not_in MODES: the next case is none for these modes.
not_in=
not_in()
{
    not_in=$1
}

# unprofiled: the next case is one of whose memory we see nothing.
profiled=yes
unprofiled()
{
    profiled=no
}

# lineless: so are all that follow, of whose lines nothing is known.
has_lines=yes
lineless()
{
    has_lines=no
}

# is_one_of WORD WORDS
is_one_of()
{
    case " $2 " in *" $1 "*) ;; *) false ;; esac
}

# in_mode MODE COMMAND [ARG ...]: leaves MODE.out, MODE.theirs, MODE.status, without what the mode has added.
in_mode()
{
    mode=$1
    shift
    case $mode in
    plain) ;;
    run) set -- "$SYSENG_MEM" run -q --json -o "$scratch/report.json" "$@" ;;
    counters) set -- "$SYSENG_MEM" run -q --stacks=off -o "$scratch/report" "$@" ;;
    sampled) set -- "$SYSENG_MEM" run -q --sample=4096 -o "$scratch/report" "$@" ;;
    timed) set -- "$SYSENG_MEM" run -q --time -o "$scratch/report" "$@" ;;
    lines) set -- "$SYSENG_MEM" run -q --json -o "$scratch/report.json" --function '*' "$@" ;;
    instructions) set -- "$SYSENG_MEM" run -q --json -o "$scratch/report.json" --debug-every-instruction --function '*' "$@" ;;
    checked) set -- "$SYSENG_MEM" check -q --json -o "$scratch/report.json" "$@" ;;
    snapshot) set -- "$SYSENG_MEM" snapshot -q "$@" ;;
    heaptrack) set -- heaptrack -o "$scratch/peer/data" "$@" ;;
    valgrind) set -- valgrind -q --leak-check=full --trace-children=yes --log-file="$scratch/peer/%p" "$@" ;;
    *) bail "no mode $mode" ;;
    esac
    rm -rf report.json peer && mkdir -m 777 peer
    run_in_work "$mode" "$@"
    keep_left "$hostile_name, $mode"
    theirs "$mode.err" >"$mode.theirs"
    case $mode in
    snapshot) perl -0 -p -i -e 's/profiling\/[^\n]*\n\z//' "$mode.out" ;;
    heaptrack)
        perl -0 -p -i -e 's/^heaptrack output will be .*\n//m; s/^.*libheaptrack_preload.so\n//m; s/^starting application, this .*\n//m;
            s/Heaptrack finished! .*\z//s' heaptrack.out
        perl -0 -p -i -e 's/^heaptrack stats:\n(\t.*\n)*//mg; s/^[^ ]*heaptrack: line \d+: +\d+ .*\n|^(Aborted|Killed|Terminated|Segmentation fault|Bus error|Trace.breakpoint trap|User defined signal .|Bad system call)( \(core dumped\))?\n//mg' heaptrack.theirs
        ;;
    esac
}

# check has a status of its own, and tells of the program's in a finding.
checked_failure()
{
    if [ "$1" -eq 0 ]; then
        echo
    elif [ "$1" -gt 128 ] && [ "$1" -lt 193 ]; then
        echo "killed by SIG$(kill -l "$1")"
    else
        echo "exit status $1"
    fi
}

is_same_status()
{
    if [ "$1" = checked ]; then
        jq -r '[.findings[] | select(.kind == "failure") | .text] | join(", ")' report.json >"$1.status" || return 1
        checked_failure "$(cat plain.status)" | diff - "$1.status"
    else
        diff plain.status "$1.status"
    fi
}

# Nothing is proved by a program that nobody watched.
was_watched()
{
    case $1 in
    run) jq -e '(.processes | length > 0) and .losses.records == 0' report.json >jq.log ;;
    lines | instructions) [ "$has_lines" = no ] || jq -e 'any(.processes[]; .stops_armed > 0)' report.json >jq.log ;;
    esac || { echo "$1: not watched"; return 1; }
}

is_same()
{
    {
        diff plain.out "$1.out" && diff plain.theirs "$1.theirs" && is_same_status "$1" &&
            { [ "$profiled" = no ] || was_watched "$1"; }
    } >same.log 2>&1
}

# time_limit MS: for what takes so long by itself.
time_limit()
{
    case "$(sanitized && echo ' valgrind ') $modes " in # a sanitized syseng-mem is as slow
    *' heaptrack '* | *' valgrind '*) echo $((30 * $1 / 1000 + 10)) ;;
    *) echo $((3 * $1 / 1000 + 5)) ;;
    esac
}

# hostile NAME COMMAND [ARG ...]: one test. A command that ends with 99 has found that this machine is not made for it.
hostile()
{
    hostile_name=$1
    shift
    limit=60
    hostile_start=$(date +%s%3N)
    in_mode plain "$@"
    limit=$(time_limit $(($(date +%s%3N) - hostile_start)))
    hostile_verdict=0
    hostile_log=
    for hostile_mode in $modes; do
        is_one_of "$hostile_mode" "$not_in" && continue
        [ "$(cat plain.status)" -ne 99 ] || break
        in_mode "$hostile_mode" "$@"
        is_same "$hostile_mode" && continue
        if is_one_of "$hostile_mode" "$exceptions"; then
            comment "$hostile_name, $hostile_mode: differs; docs/limits.md: $exception"
        else
            hostile_verdict=1
            hostile_log="$hostile_log$hostile_mode:
$(head -n 8 same.log | cut -c 1-300)
$(ours "$hostile_mode.err" | cut -c 1-160)
"
        fi
    done
    rm -rf profiling work/profiling
    if [ "$(cat plain.status)" -eq 99 ]; then
        skip "$hostile_name" 'not on this machine'
    else
        verdict "$hostile_verdict" "$hostile_name: the same in every mode (status $(cat plain.status))"
        [ "$hostile_verdict" -eq 0 ] || comment "$hostile_log"
    fi
    exceptions=
    not_in=
    profiled=yes
}

# hostile_cases PROGRAM CASE ...
hostile_cases()
{
    hostile_program=$1
    shift
    for hostile_case; do
        hostile "$hostile_case" "$scratch/$hostile_program" "$hostile_case"
    done
}
