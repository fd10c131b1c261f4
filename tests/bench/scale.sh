#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What grows with numbers: the cost of an account with the length of the shadow file, the memory of a batch with its accounts,
# the time of a sweep with the open hand-offs, and beside one that only reads. With a cheap hash, so that the rest shows.

# shellcheck source=tests/bench/lab.sh
. "$(dirname "$0")/lab.sh"
lab_enter "$@"

# The same accounts in files of different lengths.
with_lines() { # ACCOUNTS RUNS LINES...
    local n=$1 runs=$2 lines
    shift 2
    rm -f $T/*
    for _ in $(seq "$runs"); do
        for lines; do
            lab_fresh "$lines"
            lab_batch "lines_$lines" "$(lab_roster "$n" "$lines")"
            lab_check "$n" "\$6\$rounds=1000\$"
        done
        "$B/tests/bench/limit" hash sha512crypt 1000 "$n" >>$T/hashes
    done
    for lines; do
        derive "each_$lines" "lines_$lines" "x / $n"
        derive "net_$lines" "lines_$lines" "(x - $(median hashes)) / $n"
    done
    heading "$n accounts in shadow files of different lengths, a cheap hash"
    for lines; do
        [ "$lines" != "$1" ] || continue
        figure "lines_$lines" "each_$lines" "for each account, $lines lines" "each_$1" "for each account, $1 lines" ms
        # Most of the hashing goes on beside the rest; where less is left than what the machine's moods make, there is no figure.
        awk -v a="$(median "net_$lines")" -v b="$(median "net_$1")" 'BEGIN { exit !(a > 0 && b > 0) }' || continue
        figure "lines_net_$lines" "net_$lines" "the same less the hashes on all cores, $lines lines" "net_$1" \
            "the same less the hashes on all cores, $1 lines" ms "${target[@]:0:$((lines == 100000 ? 2 : 0))}"
    done
}

# One batch of each size, then sweeps that find nothing to do.
with_accounts() { # ACCOUNTS...
    local n
    rm -f $T/*
    echo 200 >$T/bound
    for n; do
        lab_fresh "$n"
        for _ in 1 2 3; do
            "$B/tests/bench/timed" "$T/dry_$n" otsd-hook provision --batch="$W/roster.$n" --dry-run >$W/log/run 2>&1 ||
                world_die "otsd-hook provision --dry-run: $(cat $W/log/run)"
            "$B/tests/bench/timed" "$T/join_$n" awk -F'[:,]' 'FNR == NR { want[$1] = $2; next } $1 in want { n++ } END { print n }' \
                "$W/roster.$n" /etc/passwd /etc/shadow >$W/log/run 2>&1 || world_die "awk: $(cat $W/log/run)"
        done
        lab_batch "batch_$n" "$W/roster.$n"
        lab_check "$n" "\$6\$rounds=1000\$"
        awk '{ print $2 / 1024 }' "$T/batch_$n" >"$T/memory_$n"
        derive "each_$n" "batch_$n" "x / $n"
        for _ in 1 2 3; do
            "$B/tests/bench/timed" "$T/sweep_$n" otsd-hook sweep >$W/log/run 2>&1 ||
                world_die "otsd-hook sweep: $(cat $W/log/run)"
            "$B/tests/bench/limit" read $LEDGER/pending >>"$T/read_$n"
        done
        awk '{ print $2 / 1024 }' "$T/sweep_$n" >"$T/sweep_memory_$n"
    done
    heading "The most memory that a batch has at once, a cheap hash"
    for n; do
        figure "memory_$n" "memory_$n" "$n accounts" bound "the bound" MB '<=' 1
    done
    heading "A dry run: the roster is read, and who is in it is looked for"
    for n; do
        figure "dry_run_$n" "dry_$n" "a dry run, $n accounts" "join_$n" "awk that joins the same three files" ms \
            "${reading[@]:0:$((n == 100000 ? 2 : 0))}"
    done
    heading "The time of a batch, a cheap hash"
    for n; do
        [ "$n" = "$1" ] || figure "batch_each_$n" "each_$n" "for each of $n accounts" "each_$1" "for each of $1 accounts" ms
    done
    heading "A sweep over open hand-offs, nothing to do"
    for n; do
        [ "$n" != "$1" ] || continue
        figure "sweep_$n" "sweep_$n" "over $n" "sweep_$1" "over $1" ms
        figure "sweep_to_limit_$n" "sweep_$n" "over $n" "read_$n" "their records read once, and nothing else" ms \
            "${reading[@]:0:$((n == 100000 ? 2 : 0))}"
        figure "sweep_memory_$n" "sweep_memory_$n" "over $n" "sweep_memory_$1" "over $1" MB
    done
}

lab_up
lab_sandbox
lab_configure sha512crypt 1000
target=('<=' 1.3)
reading=('<=' 4)
if [ "$scale" = quick ]; then
    with_lines 1000 1 1000 100000
    with_accounts 1000 10000
else
    with_lines 1000 5 1000 10000 100000
    with_accounts 1000 10000 100000
fi
