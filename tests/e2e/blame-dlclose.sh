# shellcheck shell=sh
# What the tests of unloaded libraries share.
have jq || skip_all 'jq is not installed'
source=$top_srcdir/tests/targets

compile bare.o -D_GNU_SOURCE -O2 -c "$source/blame-truth-bare.c"
compile host -D_GNU_SOURCE -g -O1 -rdynamic "$source/blame-truth-dlclose.c" bare.o -ldl
compile first.so -g -O1 -fPIC -shared "$source/blame-truth-module.c"
compile second.so -g -O1 -fPIC -shared -DSECOND "$source/blame-truth-module.c"

# truth: KEY BLAMED-PLACE of what the program printed in `out`; blamed: the same of report.json.
truth()
{
    sort -u out | awk 'NF { print $1, $2 }'
}
blamed()
{
    jq -r '[.requests[0].sites[] | select(.live_bytes >= 1000 and .live_bytes < 9999 and .live_bytes % 1000 == 0)]
        | .[]
        | "\(.live_bytes / .live_count / 1000) \(.file // "?" | split("/") | last):\(.line):\(.function)"' report.json | sort -u
}
# unloaded NAME ARGUMENT...: run the host.
unloaded()
{
    unloaded_name=$1
    shift
    run "$SYSENG_MEM" run -q --json -o report.json ./host "$@"
    if [ "$status" = 77 ]; then
        skip "$unloaded_name" 'the loader put them elsewhere'
        return
    fi
    is "$status $(blamed)" "0 $(truth)" "$unloaded_name"
}
