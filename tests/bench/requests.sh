#!/bin/bash
# SPDX-License-Identifier: MIT
#
# How many generates a second libotsd's pool gets through, 64 in flight, beside ab (ApacheBench), which does nothing with the
# answers: on one sandbox, which answers at once, after 5 and after 50 ms.

# shellcheck source=tests/bench/lab.sh
. "$(dirname "$0")/lab.sh"
lab_enter "$@"
JOBS=64

by_pool() { # COUNT
    LD_LIBRARY_PATH=$B "$B/tests/bench/requests" /etc/otsd/otsd.conf $JOBS "$1" >>$T/pool || world_die "requests failed"
}

by_ab() { # COUNT
    ab -q -l -k -c $JOBS -n "$1" -A "$SANDBOX_ACCOUNT:$SANDBOX_TOKEN" -p $W/body -T application/x-www-form-urlencoded \
        "$SANDBOX_URL/api/v1/generate" >$W/log/ab 2>&1 || world_die "ab: $(cat $W/log/ab)"
    grep -qE '^Failed requests: +0$' $W/log/ab && ! grep -q '^Non-2xx' $W/log/ab || world_die "ab: $(cat $W/log/ab)"
    awk '/^Requests per second:/ { print $4 }' $W/log/ab >>$T/ab
}

command -v ab >/dev/null || world_die "there is no ab; run: sudo make deps"
lab_up
printf 'ttl=3600&recipient=alice%%40example.com' >$W/body
runs=5
[ "$scale" != quick ] || runs=1
heading "Generates a second, $JOBS in flight (medians of $runs runs in turn)"
for latency in 0:20000 5:20000 50:4000; do
    rm -f $T/*
    lab_sandbox --latency "${latency%:*}"
    lab_configure yescrypt 0
    for _ in $(seq $runs); do
        lab_forget
        by_pool "${latency#*:}"
        lab_forget
        by_ab "${latency#*:}"
    done
    figure "requests_${latency%:*}ms" pool "libotsd's pool, answers after ${latency%:*} ms" ab "ab" 1/s
done
