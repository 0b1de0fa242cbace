# shellcheck shell=sh disable=SC2154 # what comes from tests/lib.sh and from the test itself
# hostile-process.sh: a case is run plain and in every mode, and has to be the same. Sourced after tests/lib.sh and
# tests/e2e/programs.sh.
#
# All runs are in the directory `work`, with the environment $surroundings, standard output into a pipe, and a time limit of
# three times the plain run's and 5 s. It is the same: output, the program's messages, status.

modes='run stacks-off time check lines snapshot'
surroundings='FIRST=1 PATH=/usr/bin:/bin LC_ALL=C LAST=1'

# in_mode MODE PROGRAM ...: replaces the shell by the program, plain or under syseng-mem.
in_mode()
{
    mode=$1
    shift
    case $mode in
    plain) ;;
    run) set -- "$SYSENG_MEM" run -q -o ../report "$@" ;;
    stacks-off) set -- "$SYSENG_MEM" run -q --stacks=off -o ../report "$@" ;;
    time) set -- "$SYSENG_MEM" run -q --time -o ../report "$@" ;;
    check) set -- "$SYSENG_MEM" check -q -o ../report "$@" ;;
    lines) set -- "$SYSENG_MEM" run -q --function '*' -o ../report "$@" ;;
    snapshot) set -- "$SYSENG_MEM" snapshot -q "$@" ;;
    esac
    # The words of the environment, and of the guard, are words.
    # shellcheck disable=SC2086
    exec $guard ${wrapper:-} env -i $surroundings "$@"
}

now_ms()
{
    date +%s%3N
}

# observe MODE PROGRAM ...: leaves MODE.out, MODE.err, MODE.status. Standard input is the file $input. With $wrapper, that
# command starts it all.
observe()
{
    observed=$1
    shift
    rm -rf work && mkdir work && cd work || exit 99
    guard="$targets/guard $bound ../left"
    {
        observe_status=0
        (in_mode "$observed" "$@") <"${input:-/dev/null}" 2>"../$observed.err" || observe_status=$?
        echo "$observe_status" >"../$observed.status"
    } | cat >"../$observed.out"
    cd .. || exit 99
    keep_left "$observed $*"
}

# as_told_by_check STATUS: how check's report names it; its own status only says whether there were findings.
as_told_by_check()
{
    if [ "$1" -gt 128 ]; then
        echo "killed by SIG$(kill -l "$1")"
    elif [ "$1" -gt 0 ]; then
        echo "exit status $1"
    fi
}

# make_comparable MODE: takes out what is syseng-mem's.
make_comparable()
{
    theirs "$1.err" >"$1.theirs"
    cp "$1.status" "$1.told"
    case $1 in
    check) sed -n 's/^FAIL  run   //p' report >check.told ;;
    snapshot) sed -i '/^profiling\//d' snapshot.out ;;
    esac
}

# same_everywhere NAME PROGRAM ...: one test per case. When it fails, what differs goes into the log.
same_everywhere()
{
    everywhere_name=$1
    shift
    rm -f -- *.out *.err *.status
    bound=60
    plain_start=$(now_ms)
    observe plain "$@"
    bound=$((3 * ($(now_ms) - plain_start) / 1000 + 5))
    case $(cat plain.status) in
    99) skip "$everywhere_name" 'not on this machine' && return ;;
    134 | 139) bail "$everywhere_name: crashes by itself" ;;
    esac
    everywhere_verdict=0
    cp plain.err plain.theirs
    for mode in $modes; do
        observe "$mode" "$@"
        settle_doubt "$everywhere_name" "$mode"
        make_comparable "$mode"
        cp plain.status plain.told
        [ "$mode" != check ] || as_told_by_check "$(cat plain.status)" >plain.told
        for what in out theirs told; do
            diff "plain.$what" "$mode.$what" >difference && continue
            everywhere_verdict=1
            comment "$everywhere_name, $mode, $what:"
            comment "$(head -n 30 difference)"
            comment "$(ours "$mode.err")"
        done
    done
    verdict "$everywhere_verdict" "$everywhere_name: the same in every mode (status $(cat plain.status))"
}
