#!/bin/bash
# SPDX-License-Identifier: MIT
#
# How many requests are in flight, as the server counts them, of the 64 that may be, where nothing is known of the server before.
#
# A batch, with 200 ms on the way, which leaves a slow machine the time to keep them busy: from the time that all are under way until
# the last ones go out. And the pace alone, with 20 ms on the way and nothing to do with the answers: in the four seconds after the
# first two, beside as many as this machine has with all 64 from the start.

# shellcheck source=tests/bench/lab.sh
. "$(dirname "$0")/lab.sh"
lab_enter "$@"
JOBS=64

looks() { # PID: twice a second MS IN-FLIGHT-MS CREATED, as long as it runs
    local now
    while kill -0 "$1" 2>/dev/null; do
        now=${EPOCHREALTIME/[.,]/}
        curl -sS --fail "$SANDBOX_URL/sandbox/requests" | jq -r --argjson now $((now / 1000)) '"\($now) \(.in_flight_ms) \(.generate)"'
        sleep 0.5
    done
}

watched_batch() { # ROSTER ACCOUNTS
    local pid
    otsd-hook provision --batch="$1" --jobs=$JOBS >$W/log/run 2>&1 3>&- &
    pid=$!
    looks $pid >$W/looks
    wait $pid || world_die "otsd-hook provision --batch: status $?: $(tail -n 5 $W/log/run)"
    # Until it is found out that the server takes all, four times as many have been sent.
    awk -v from=$((4 * JOBS)) -v to=$(($2 - 3 * JOBS)) '$3 > from && $3 < to { if (!n++) { t = $1; f = $2 } time = $1 - t; sum = $2 - f }
        END { if (n < 3) exit 1; printf "%.3f\n", sum / time }' $W/looks >>$T/in_flight || world_die "too few looks"
}

sum_now() { # MS IN-FLIGHT-MS
    local now=${EPOCHREALTIME/[.,]/}
    curl -sS --fail "$SANDBOX_URL/sandbox/requests" | jq -r --argjson now $((now / 1000)) '"\($now) \(.in_flight_ms)"'
}

pace() { # TIMES-FILE [all]
    local pid
    lab_forget
    LD_LIBRARY_PATH=$B "$B/tests/bench/paced" /etc/otsd/otsd.conf $JOBS 8 "${@:2}" >$W/log/run 2>&1 3>&- &
    pid=$!
    sleep 2
    { sum_now; sleep 4; sum_now; } | awk 'NR == 1 { t = $1; f = $2 } END { printf "%.3f\n", ($2 - f) / ($1 - t) }' >>"$T/$1"
    wait $pid || world_die "paced: $(cat $W/log/run)"
}

runs=5
[ "$scale" != quick ] || runs=1
lab_up
lab_sandbox --no-limits --latency 200
lab_configure sha512crypt 1000
accounts=4000
echo $JOBS >$T/jobs
for _ in $(seq $runs); do
    lab_fresh $accounts
    watched_batch "$W/roster.$accounts" $accounts
    lab_check $accounts "\$6\$rounds=1000\$"
done
heading "Requests in flight, 200 ms on the way"
figure in_flight in_flight "on average, $accounts accounts, --jobs=$JOBS" jobs "allowed" "" '>=' 0.8

lab_sandbox --no-limits --latency 20
lab_configure sha512crypt 1000
for _ in $(seq $runs); do
    pace paced
    pace all all
done
heading "Requests in flight, 20 ms on the way, from two seconds after the start"
figure in_flight_paced paced "on average, from one on" all "with all $JOBS from the start" "" '>=' 0.8
figure in_flight_found paced "on average, from one on" jobs "allowed" ""
