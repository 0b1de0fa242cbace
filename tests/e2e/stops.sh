# shellcheck shell=sh disable=SC2154
# stops.sh: the same program plain and with a stop at every instruction of every function. Sourced after tests/lib.sh.
#
# SPDX-License-Identifier: MIT

have jq || skip_all 'jq is not installed'

# watched COMMAND [ARG ...]: runs it with a stop at every instruction; what was measured is in report.json.
watched()
{
    run "$SYSENG_MEM" run -q --json -o report.json --debug-every-instruction --function '*' "$@"
}

# same NAME COMMAND [ARG ...]: passes when output and status are those of a plain run, stops were armed and hit, none was
# refused and nothing was lost.
same()
{
    same_name=$1
    shift
    run "$@"
    mv out plain.out
    mv err plain.err
    same_status=$status
    watched "$@"
    ok "$same_name" same_results
}

same_results()
{
    [ "$status" -eq "$same_status" ] || { echo "status $status, not $same_status"; cat err; return 1; }
    diff plain.out out || return 1
    diff plain.err err || return 1
    jq -e '(.processes[0].stops_armed > 0) and (.processes[0].stops_refused == 0) and (.losses.records == 0)
        and ([.requests[].functions[].calls] | add > 0)' report.json >/dev/null || {
        jq -c '.processes, .losses' report.json
        return 1
    }
}
