#!/bin/bash
# SPDX-License-Identifier: MIT
#
# How many requests a batch has in flight, as the server counts them, of the 64 that it may: with 200 ms on the way, which leaves a
# slow machine the time to keep them busy. From the time that all are under way until the last ones go out.

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
    awk -v from=$JOBS -v to=$(($2 - 3 * JOBS)) '$3 > from && $3 < to { if (!n++) { t = $1; f = $2 } time = $1 - t; sum = $2 - f }
        END { if (n < 3) exit 1; printf "%.3f\n", sum / time }' $W/looks >>$T/in_flight || world_die "too few looks"
}

lab_up
lab_sandbox --no-limits --latency 200
lab_configure sha512crypt 1000
accounts=2500 runs=5
[ "$scale" != quick ] || runs=1
echo $JOBS >$T/jobs
for _ in $(seq $runs); do
    lab_fresh $accounts
    watched_batch "$W/roster.$accounts" $accounts
    lab_check $accounts "\$6\$rounds=1000\$"
done
heading "Requests in flight, 200 ms on the way"
figure in_flight in_flight "on average, $accounts accounts, --jobs=$JOBS" jobs "allowed" "" '>=' 0.8
