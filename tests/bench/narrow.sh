#!/bin/bash
# SPDX-License-Identifier: MIT
#
# A batch, and a server that does one thing at a time: it mails inside the request, through a relay that takes 1.5 s. All together take
# what the server needs for them, and nobody is mailed twice.

# shellcheck source=tests/bench/lab.sh
. "$(dirname "$0")/lab.sh"
lab_enter "$@"
EACH=1500

lab_up
lab_sandbox --release v0.20.5 --no-limits --serial --mail-delay $EACH --mail-dir $W/mail
lab_configure sha512crypt 1000
accounts=40 runs=3
[ "$scale" != quick ] || runs=1
echo $((accounts * EACH)) >$T/server
for _ in $(seq $runs); do
    lab_fresh $accounts
    find $W/mail -type f -delete
    lab_batch batch "$W/roster.$accounts" --jobs=16
    lab_check $accounts "\$6\$rounds=1000\$"
    [ "$(find $W/mail -name '*.eml' | sed 's/.*-//' | sort -u | wc -l)" -eq $accounts ] || world_die "not everybody is mailed"
    [ "$(find $W/mail -name '*.eml' | wc -l)" -eq $accounts ] || world_die "somebody is mailed twice"
done
heading "A server that does one thing at a time, $EACH ms a call"
figure narrow batch "otsd-hook provision --batch --jobs=16, $accounts accounts" server "what the server needs for them" ms '<=' 1.1
