# shellcheck shell=sh disable=SC2086 # lists of words
# leaks.sh: reads the leak corpus (tests/targets/leaks/leaks.h says how its truth is written) and builds its programs, for
# the test and for the benchmark. Needs top_srcdir, CC and CXX.
#
# SPDX-License-Identifier: MIT

leaks_dir=$top_srcdir/tests/targets/leaks

# leaks_cases: the names of all cases' files.
leaks_cases()
{
    (cd "$leaks_dir" && ls -- *.c *.cc)
}

# leaks_title FILE: what the case is, one sentence.
leaks_title()
{
    awk '{ line = $0; sub(/^\/\* */, "", line); sub(/^ +/, "", line)
           if (line ~ /^[a-z]+: / && NR > 1) exit
           end = sub(/ *\*\/.*/, "", line); text = text (NR > 1 ? " " : "") line
           if (end) exit }
         END { sub(/\. .*/, "", text); sub(/\.$/, "", text); print text }' "$leaks_dir/$1"
}

# leaks_header FILE KEY DEFAULT: the value of `KEY: VALUE` in the first comment.
leaks_header()
{
    awk -v key="$2:" -v value="$3" '
        { sub(/^\/\* */, ""); end = sub(/ *\*\/.*/, ""); sub(/^ +/, "") }
        index($0, key " ") == 1 { value = substr($0, length(key) + 2) }
        end { exit }
        END { print value }' "$leaks_dir/$1"
}

# leaks_truth FILE: LINE BYTES BLOCKS RULE of all that must be reported. RULE is a list with bars.
leaks_truth()
{
    awk -v rules="$(leaks_header "$1" evidence unreachable)" '
        match($0, /(LEAK|LIMIT) ([0-9]+|\?) ([0-9]+|\?)/) {
            split(substr($0, RSTART, RLENGTH), word, " ")
            print NR, word[2], word[3], rules
        }' "$leaks_dir/$1"
}

# leaks_build FILE OUTPUT FLAG...: nonzero, with the compiler's words on standard error, when it cannot be built.
leaks_build()
{
    leaks_source=$leaks_dir/$1 leaks_output=$2
    leaks_flags="-w -g -D_GNU_SOURCE $(leaks_header "$1" flags '')"
    case $1 in
    *.cc) leaks_driver=$CXX ;;
    *) leaks_driver=$CC ;;
    esac
    leaks_library=$(leaks_header "$1" library no)
    shift 2
    if [ "$leaks_library" = yes ]; then
        $leaks_driver "$@" $leaks_flags -shared -fPIC -DLIBRARY -o "$leaks_output.so" "$leaks_source" || return
    fi
    $leaks_driver "$@" $leaks_flags -pthread -o "$leaks_output" "$leaks_source" -ldl
}

# leaks_found FILE REPORT: what is lost by the JSON report of check, LINE BYTES BLOCKS RULE, summed over the stacks of a line.
# Places outside the case's own source are named whole.
leaks_found()
{
    jq -r --arg source "$1" '(.findings + (.indirect // []))[] | select(.kind == "leak") | .blamed as $b
        | (if $b == null then "?" else .stack[$b] | "\(.file):\(.line)" end | sub("^(.*/)?" + $source + ":"; "")) as $place
        | "\($place) \(.total_bytes) \(.total_blocks) \(.evidence)"' "$2" >leaks.tmp || return
    leaks_sum <leaks.tmp
}

# leaks_sum: add up the lines of one place and rule.
leaks_sum()
{
    awk '{ bytes[$1 " " $4] += $2; blocks[$1 " " $4] += $3 }
         END { for (key in bytes) { split(key, word, " "); print word[1], bytes[key], blocks[key], word[2] } }'
}
