# shellcheck shell=sh disable=SC2034,SC2154
# hostile.sh: a case runs alone and under every mode of syseng-mem, and must print the same, complain of the same, and end in the
# same way, in time. Sourced after tests/lib.sh and tests/e2e/programs.sh.
#
# With FULL=1 every instruction is stopped at as well.
#
# SPDX-License-Identifier: MIT

have jq || skip_all 'jq is not installed'
# shellcheck disable=SC3045 # dash and bash have it
ulimit -c 0

modes='run counters sampled timed lines checked snapshot'
[ -z "${FULL:-}" ] || modes="$modes instructions"
exceptions=
profiled=yes

# except MODES SECTION: the next case may differ in these modes, by what the section of docs/limits.md explains.
except()
{
    exceptions=$1 exception=$2
    grep -q -x -F "## $exception" "$top_srcdir/docs/limits.md" || bail "docs/limits.md has no section '$exception'"
}

# unprofiled: the next case is one of whose memory we see nothing.
unprofiled()
{
    profiled=no
}

# in_mode MODE COMMAND [ARG ...]
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
    esac
    rm -f report.json
    run_in_work "$mode" "$@"
    [ "$mode" != snapshot ] || sed -i '$d' snapshot.out # its name
    keep_left "$hostile_name, $mode"
    theirs "$mode.err" >"$mode.theirs"
}

# check has a status of its own, and tells of the program's in a finding.
checked_failure()
{
    if [ "$1" -eq 0 ]; then
        echo
    elif [ "$1" -gt 128 ]; then
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
    lines | instructions) jq -e '.processes[-1].stops_armed > 0' report.json >jq.log ;;
    esac || { echo "$1: not watched"; return 1; }
}

is_same()
{
    {
        diff plain.out "$1.out" && diff plain.theirs "$1.theirs" && is_same_status "$1" &&
            { [ "$profiled" = no ] || was_watched "$1"; }
    } >same.log 2>&1
}

# hostile NAME COMMAND [ARG ...]
hostile()
{
    hostile_name=$1
    shift
    hostile_start=$(date +%s)
    limit=60
    in_mode plain "$@"
    limit=$((3 * ($(date +%s) - hostile_start + 1) + 5))
    hostile_verdict=0
    hostile_log=
    for hostile_mode in $modes; do
        in_mode "$hostile_mode" "$@"
        settle_doubt "$hostile_name" "$hostile_mode"
        is_same "$hostile_mode" && continue
        case " $exceptions " in
        *" $hostile_mode "*) comment "$hostile_name, $hostile_mode: differs; docs/limits.md: $exception" ;;
        *)
            hostile_verdict=1
            hostile_log="$hostile_log$hostile_mode:
$(head -n 8 same.log)
$(ours "$hostile_mode.err" | cut -c 1-160)
"
            ;;
        esac
    done
    rm -rf profiling work/profiling
    verdict "$hostile_verdict" "$hostile_name: the same in every mode (status $(cat plain.status))"
    [ "$hostile_verdict" -eq 0 ] || comment "$hostile_log"
    exceptions=
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
