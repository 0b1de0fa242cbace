# shellcheck shell=sh disable=SC2154
# truth.sh: compares what a program of tests/targets says of its own memory (truth.h) with the report.
# Sourced after tests/lib.sh.
#
# SPDX-License-Identifier: MIT

have jq || skip_all 'jq is not installed'

# Resident sets may differ by two pages: the program's own figure is read a few instructions apart from ours.
truth_tolerance=8192

# rows FILE: the report's functions and lines, tab-separated; functions by the name that __func__ has.
rows()
{
    jq -r '.requests[].functions[] | (.name | sub("<.*"; "") | sub("[(].*"; "") | sub(".*::"; "")) as $name
        | (["function", $name, .heap_bytes, .increment_bytes, .calls],
           (.lines[] | select(.occurrences > 0)
            | ["line", $name, .line, .heap_bytes, .increment_bytes, .occurrences])) | @tsv' "$1"
}

# compare BOOKS ROWS OPTIMISED: what differs, one line each; status 1 when something does. OPTIMISED is yes when visits of
# visits are not promised.
compare()
{
    awk -F '\t' -v optimised="$3" -v tolerance="$truth_tolerance" '
        function wrong(text) { print text; failed = 1 }
        function off(a, b) { return a - b > tolerance || b - a > tolerance }
        NR == FNR && $1 == "row" {
            row[$2, $3] = 1; heap[$2, $3] += $4; visits[$2, $3] += $6; listed[$2] += $4
            if ($5 == "-") unsure[$2, $3] = 1; else rss[$2, $3] += $5
        }
        NR == FNR && $1 == "visits" { others[$2, $3] += $4 }
        NR == FNR && $1 == "total" { total[$2] = 1; total_heap[$2] += $3
            if ($4 == "-") total_unsure[$2] = 1; else total_rss[$2] += $4 }
        NR != FNR && $1 == "function" { got_function[$2] = 1; got_heap[$2] = $3; got_rss[$2] = $4 }
        NR != FNR && $1 == "line" {
            got[$2, $3] = 1; line_heap[$2, $3] = $4; line_rss[$2, $3] = $5; count[$2, $3] = $6
            sum_heap[$2] += $4; sum_rss[$2] += $5
            if (!(($2, $3) in row)) unlisted[$2] += $4
        }
        END {
            for (key in row) {
                split(key, part, SUBSEP); name = part[1] ":" part[2]
                if (!(key in got)) { wrong(name ": no row"); continue }
                if (line_heap[key] != heap[key]) wrong(name ": heap " line_heap[key] ", not " heap[key])
                if (!(key in unsure) && off(line_rss[key], rss[key]))
                    wrong(name ": increment " line_rss[key] ", not " rss[key])
                if (optimised != "yes" && visits[key] >= 0 && count[key] != visits[key])
                    wrong(name ": " count[key] " visits, not " visits[key])
            }
            for (key in others) {
                split(key, part, SUBSEP)
                if (optimised != "yes" && count[key] != others[key])
                    wrong(part[1] ":" part[2] ": " count[key] " visits, not " others[key])
            }
            for (name in total) {
                if (!(name in got_function)) { wrong(name ": not in the report"); continue }
                if (got_heap[name] != total_heap[name]) wrong(name ": heap " got_heap[name] ", not " total_heap[name])
                if (sum_heap[name] != got_heap[name]) wrong(name ": heap column " sum_heap[name] ", not " got_heap[name])
                if (sum_rss[name] != got_rss[name]) wrong(name ": increment column " sum_rss[name] ", not " got_rss[name])
                if (!(name in total_unsure) && off(got_rss[name], total_rss[name]))
                    wrong(name ": increment " got_rss[name] ", not " total_rss[name])
                if (unlisted[name] + 0 != total_heap[name] - listed[name])
                    wrong(name ": other rows " unlisted[name] ", not " total_heap[name] - listed[name])
            }
            if (length(total) == 0) wrong("the program has printed no books")
            exit failed
        }' "$1" "$2"
}

# truth NAME OPTIMISED STATUS PROGRAM [ARG ...]: one test: the program's books and its report agree, and its status is
# STATUS.
truth()
{
    truth_name=$1 truth_optimised=$2 truth_status=$3
    shift 3
    run "$SYSENG_MEM" run -q --json -o report.json "$@"
    if [ "$status" -ne "$truth_status" ]; then
        verdict 1 "$truth_name"
        comment "status $status, not $truth_status: $(cat err)"
        return
    fi
    rows report.json >rows.tsv
    ok "$truth_name" compare out rows.tsv "$truth_optimised"
}
