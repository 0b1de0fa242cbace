# shellcheck shell=sh disable=SC2154 # what comes from tests/lib.sh and from the test itself
# programs.sh: what the tests with real programs share. Sourced after tests/lib.sh.
#
# Everything runs under the guard (tests/targets/guard.c): with a time limit, so that a hang is a failure, and with a look at
# what it left behind. `nothing_left` is the last test of a file.

limit=60
left_behind=

# keep_left NAME: note the processes that NAME left behind.
keep_left()
{
    [ ! -s left ] || left_behind="$left_behind$1: $(cat left)
"
}

# guarded COMMAND [ARG ...]: like `run`.
guarded()
{
    run "$targets/guard" "$limit" left "$@"
    [ "$status" -ne 124 ] || left_behind="${left_behind}time was up: $*
"
    keep_left "$*"
}

nothing_left()
{
    is "$left_behind" '' 'nothing took too long, and no process was left behind'
}

# ours FILE: our own lines of a stderr; theirs: the program's.
ours()
{
    grep '^syseng-mem: ' "$1" || :
}

theirs()
{
    grep -v '^syseng-mem: ' "$1" || :
}

# run_in_work PREFIX COMMAND ...: in a fresh directory `work`, with its output, a pipe, in PREFIX.out, its messages in PREFIX.err,
# and its status in PREFIX.status. Standard input is the file $input. The words of $around are a command that starts it.
around=
run_in_work()
{
    prefix=$1
    shift
    rm -rf work && mkdir work && cd work || exit 99
    {
        run_status=0
        # shellcheck disable=SC2086 # words
        "$targets/guard" "$limit" ../left $around "$@" <"${input:-/dev/null}" 2>"../$prefix.err" || run_status=$?
        echo "$run_status" >"../$prefix.status"
    } | cat >"../$prefix.out"
    cd .. || exit 99
}

# same NAME COMMAND [ARG ...]: passes when the command prints and returns the same under syseng-mem as alone, and syseng-mem
# knows what it allocated. It starts in an empty directory; standard input is the file $input.
same()
{
    same_name=$1
    shift
    run_in_work plain "$@"
    run_in_work profiled "$SYSENG_MEM" run -o ../report "$@"
    keep_left "$same_name"
    theirs profiled.err >profiled.theirs
    same_verdict=0
    {
        diff plain.out profiled.out && diff plain.err profiled.theirs && diff plain.status profiled.status &&
            grep '^syseng-mem: run: .* allocated ' profiled.err
    } >same.log 2>&1 || same_verdict=1
    verdict "$same_verdict" "$same_name: same output, errors and status ($(cat plain.status))"
    if [ "$same_verdict" -ne 0 ]; then
        comment "$(head -n 20 same.log)"
        comment "$(ours profiled.err)"
    fi
}

# same_by TOOL NAME ARG ...: the same, skipped when the machine has no such tool.
same_by()
{
    if have "$1"; then
        same_tool=$1
        shift
        same_by_name=$1
        shift
        same "$same_tool: $same_by_name" "$same_tool" "$@"
    else
        skip "$1: $2" "no $1"
    fi
}

# answers PLACE: what the server there, a port or a unix socket's path, answers to each of $requests.
answers()
{
    for request in $requests; do
        case $1 in
        */*) set -- "$1" --unix-socket "$1" "${scheme:-http}://localhost$request" ;;
        *) set -- "$1" "${scheme:-http}://127.0.0.1:$1$request" ;;
        esac
        answers_place=$1
        shift
        curl -k -s --max-time 30 -w '%{http_code} %{size_download}\n' "$@"
        set -- "$answers_place"
    done
}

# serve PREFIX PLACE COMMAND [ARG ...]: starts a server, asks it, ends it by SIGTERM. Leaves PREFIX.answers and PREFIX.status.
serve()
{
    serve_prefix=$1 serve_place=$2
    shift 2
    serve_status=0
    "$targets/guard" "$limit" "left.$serve_prefix" "$@" </dev/null >"$serve_prefix.out" 2>"$serve_prefix.err" &
    "$targets/port" wait "$serve_place" || comment "$serve_prefix: nobody listens on $serve_place"
    answers "$serve_place" >"$serve_prefix.answers"
    kill -TERM $!
    wait $! || serve_status=$?
    echo "$serve_status" >"$serve_prefix.status"
}

# try_ports FUNCTION: calls it with $port set; again with another one when somebody took the port meanwhile.
try_ports()
{
    for try in 1 2 3 4 5; do
        port=$("$targets/port" free)
        "$@"
        cat -- *.err error.log err 2>/dev/null | grep -q -i 'address already in use' || return 0
        comment "port $port was taken; try $try"
    done
}

# is_served_the_same NAME: after `serve plain` and `serve profiled`.
is_served_the_same()
{
    is "$(cat profiled.answers)" "$(cat plain.answers)" "$1: the answers are the same"
    is "$(cat profiled.status)" "$(cat plain.status)" "$1: the exit status after SIGTERM is the same"
    theirs profiled.err >profiled.theirs
    is "$(cat profiled.theirs)" "$(cat plain.err)" "$1: its messages are the same"
    cat left.profiled >left
    keep_left "$1"
}

# answered 'METHOD /path STATUS' NAME: the summary of the last `guarded` has that line, with allocations.
answered()
{
    like "$(cat err)" "^syseng-mem: $(echo "$1" | sed 's/ \([0-9]*\)$/ -> \1/') in .*, allocated " "$2"
}

# shows_a_line CODE NAME: the report in `out` has a row of that code, with 1 occurrence.
shows_a_line()
{
    like "$(cat out)" " 1 +$1" "$2"
}
