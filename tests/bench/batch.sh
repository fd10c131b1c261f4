#!/bin/bash
# SPDX-License-Identifier: MIT
#
# A batch beside the shell loop that does the same, and beside the limit: the same number of hashes on all cores and one rewrite
# of the shadow file. The loop runs on the first of the accounts only, on the same files; its time is taken for each account.

# shellcheck source=tests/bench/lab.sh
. "$(dirname "$0")/lab.sh"
lab_enter "$@"

# compare METHOD ROUNDS ACCOUNTS RUNS LOOP-ACCOUNTS PREFIX CHPASSWD-OPTION...
compare() {
    local method=$1 rounds=$2 n=$3 runs=$4 loop=$5 prefix=$6
    shift 6
    lab_configure "$method" "$rounds"
    rm -f $T/*
    for _ in $(seq "$runs"); do
        lab_fresh "$n"
        lab_batch batch "$W/roster.$n"
        lab_check "$n" "$prefix"
        echo "$("$B/tests/bench/limit" hash "$method" "$rounds" "$n") $("$B/tests/bench/limit" rewrite /etc/shadow)" >>$T/parts
        lab_fresh "$n"
        tail -n +2 "$(lab_roster "$loop" "$n")" >$W/users
        "$B/tests/bench/timed" $T/loop bash tests/bench/loop.sh "$SANDBOX_URL" $W/curl $W/keys "$@" <$W/users >$W/log/run 2>&1 ||
            world_die "loop.sh: $(cat $W/log/run)"
        lab_check "$loop" "$prefix"
    done
    awk '{ print $1 + $2 }' $T/parts >$T/limit
    derive batch_each batch "x / $n"
    derive loop_each loop "x / $loop"
}

show() { # NAME TITLE ACCOUNTS LOOP-ACCOUNTS [LIMIT-TARGET LOOP-TARGET]; "-" is no target
    local to_limit=() to_loop=()
    heading "$2 (medians of runs in turn)"
    [ "${5:--}" = - ] || to_limit=('<=' "$5")
    [ "${6:--}" = - ] || to_loop=('>=' "$6")
    figure "$1_to_limit" batch "otsd-hook provision --batch" \
        limit "the hashes on all cores, one rewrite of the shadow file" ms "${to_limit[@]}"
    figure "loop_to_$1" loop_each "shell loop ($4 of the accounts), for each account" \
        batch_each "the batch, for each account" ms "${to_loop[@]}"
}

lab_up
lab_sandbox
# What a loop with one hash at a time must lose on so many cores.
loop_target=$((CORES >= 4 ? 8 : CORES >= 2 ? 4 : 2))
case $scale in
quick) few=100 runs=1 many=1000 many_runs=1 loop=10 ;;
*) few=1000 runs=3 many=10000 many_runs=3 loop=40 ;;
esac
compare yescrypt 0 $few $runs $loop "\$y\$" -c YESCRYPT
show "batch_yescrypt_$few" "$few accounts, yescrypt" $few $loop 1.15 $loop_target
compare sha512crypt 1000 $few $((runs + 2)) $loop "\$6\$rounds=1000\$" -c SHA512 -s 1000
show "batch_cheap_$few" "$few accounts, a cheap hash (sha512crypt, 1000 rounds)" $few $loop - 40
compare sha512crypt 1000 $many $many_runs $loop "\$6\$rounds=1000\$" -c SHA512 -s 1000
show "batch_cheap_$many" "$many accounts, a cheap hash (sha512crypt, 1000 rounds)" $many $loop
if [ "$scale" = full ]; then
    compare yescrypt 0 $many 1 $loop "\$y\$" -c YESCRYPT
    show "batch_yescrypt_$many" "$many accounts, yescrypt" $many $loop 1.15 $loop_target
else
    heading "$many accounts were measured with the cheap hash only; BENCH_FULL=1 measures them with yescrypt, too."
fi
