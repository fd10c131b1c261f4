# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What the measurements share: a world of their own (tests/e2e/world.sh), accounts by the thousand, and figures.
#
# A figure is a ratio of two medians of one run, of things that were run in turn, so that the machine's moods hit each alike.
# It goes as a line of JSON to descriptor 3 and as a few lines for people to standard output.
#
#   lab_enter "$@"     into the world; of the arguments (from tests/bench/run) these are variables afterwards:
#     where=disk         /etc, /var/lib/otsd and /var/log/otsd lie on the file system of the build tree: fsync costs what it costs
#     where=memory       they lie on a tmpfs, as in the tests
#     scale=quick|usual|full

# shellcheck source=tests/e2e/world.sh
. "$(dirname "${BASH_SOURCE[0]}")/../e2e/world.sh"

export CORES
CORES=$(nproc)
T=$W/times
LEDGER=/var/lib/otsd
where=memory
scale=usual

lab_enter() {
    local a
    for a; do
        case $a in where=* | scale=*) declare -g "$a" ;; *) world_die "what is $a?" ;; esac
    done
    # The world hides what lies around the build tree, and has it read-only: a way back, while it is in sight.
    if [ "${OTSD_WORLD:-}" = inside ]; then
        mount --bind "$B/bench" /mnt || world_die "$B/bench cannot be bound"
    fi
    world_enter "$@"
    mkdir -p $T
}

lab_up() {
    world_install
    world_start_syslog
    mkdir -p $LEDGER /var/log/otsd
    chmod 700 $LEDGER
    if [ "$where" = disk ]; then
        lab_move_to_disk /etc
        lab_move_to_disk $LEDGER
        lab_move_to_disk /var/log/otsd
    fi
    # Room for 100,000 people.
    sed -i '/^[[:space:]]*UID_MAX/d' /etc/login.defs && echo 'UID_MAX 500000' >>/etc/login.defs
    cp -a /etc/passwd /etc/shadow $W/
}

lab_move_to_disk() { # DIRECTORY
    local to
    to=$(mktemp -d /mnt/disk.XXXXXX) || world_die "no directory on the disk"
    chmod --reference="$1" "$to"
    { cp -a "$1/." "$to/" && mount --bind "$to" "$1"; } || world_die "$1 cannot be moved to the disk"
}

# A sandbox that sends no mail: the files would be a part of what is measured.
lab_sandbox() { # [OPTION...]
    rm -f $W/port
    /usr/local/bin/otsd-sandbox --listen 127.0.0.1:0 --account "$SANDBOX_ACCOUNT:$SANDBOX_TOKEN" --control \
        --port-file $W/port "$@" >$W/log/sandbox 2>&1 3>&- &
    wait_for 120 test -s $W/port || world_die "no sandbox: $(cat $W/log/sandbox)"
    SANDBOX_URL=http://127.0.0.1:$(cat $W/port)
    (umask 077 && printf 'user = "%s:%s"\n' "$SANDBOX_ACCOUNT" "$SANDBOX_TOKEN" >$W/curl)
}

lab_forget() {
    curl -sS --fail -X POST -o /dev/null "$SANDBOX_URL/sandbox/reset" || world_die "the sandbox does not answer"
}

lab_configure() { # METHOD ROUNDS
    world_configure true ''
    printf 'password = { hash = "%s"; %s };\n' "$1" "$([ "$2" = 0 ] || echo "rounds = $2;")" >>/etc/otsd/otsd.conf
}

# ---- accounts ------------------------------------------------------------------------------------------------------

# So many fresh accounts, nothing in the ledger, nothing on the server, all of it on the disk.
lab_fresh() { # ACCOUNTS
    if [ ! -e "$W/passwd.$1" ]; then
        awk -v n="$1" -v passwd="$W/passwd.$1" -v shadow="$W/shadow.$1" -v roster="$W/roster.$1" 'BEGIN {
            print "user,recipient" >roster
            for (i = 1; i <= n; i++) {
                user = sprintf("many%06d", i)
                print user ":x:" 100000 + i ":100::/nonexistent:/bin/sh" >passwd
                print user ":!:20000:0:99999:7:::" >shadow
                print user "," user "@example.com" >roster
            }
        }'
    fi
    { cat $W/passwd "$W/passwd.$1" >/etc/passwd && cat $W/shadow "$W/shadow.$1" >/etc/shadow; } || world_die "accounts"
    find /var/log/otsd -mindepth 1 -delete
    # ext4 passes over inodes that were freed seconds ago, one by one: a ledger that was emptied would make the next batch slow.
    if [ "$where" = disk ] && [ -n "$(ls $LEDGER)" ]; then
        umount $LEDGER
        lab_move_to_disk $LEDGER
    else
        find $LEDGER -mindepth 1 -delete
    fi
    lab_forget
    sync -f /etc && sync -f $LEDGER
}

# The first accounts of the roster; where they are fewer than the file has lines, the rest is only there.
lab_roster() { # ACCOUNTS OF
    head -n $(($1 + 1)) "$W/roster.$2" >"$W/roster.$1.$2"
    echo "$W/roster.$1.$2"
}

lab_check() { # ACCOUNTS HASH-PREFIX: have they got such passwords, to be changed?
    local got
    got=$(grep -cF ":$2" <(grep -E '^many[0-9]+:[^:]*:0:' /etc/shadow))
    [ "$got" -eq "$1" ] ||
        world_die "$got instead of $1 accounts have a password with $2 that must be changed; $(tail -n 5 $W/log/run)"
}

lab_batch() { # TIMES-FILE ROSTER [OPTION...]
    "$B/tests/bench/timed" "$T/$1" otsd-hook provision --batch "$2" "${@:3}" >$W/log/run 2>&1 3>&- ||
        world_die "otsd-hook provision --batch: status $?: $(tail -n 5 $W/log/run)"
}

# ---- times and figures -----------------------------------------------------------------------------------------------

# Files in $T: one run a line; the first field counts.
median() { # NAME
    sort -n "$T/$1" | awk '{ v[NR] = $1 } END { printf "%.4f\n", (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'
}

derive() { # NEW OLD AWK-EXPRESSION of x
    awk "{ x = \$1; print $3 }" "$T/$2" >"$T/$1"
}

heading() {
    printf '\n%s\n' "$*"
}

# FIGURE A WHAT-A B WHAT-B UNIT [OP TARGET]: A and B are names of times; the ratio is A to B. A short look has no targets.
figure() {
    local a b ratio ok=true verdict='' target=null
    a=$(median "$2") b=$(median "$4")
    ratio=$(awk -v a="$a" -v b="$b" 'BEGIN { printf "%.4f", a / b }')
    if [ $# -gt 6 ] && [ "$scale" != quick ]; then
        awk -v r="$ratio" -v t="$8" -v op="$7" 'BEGIN { exit !(op == "<=" ? r <= t : r >= t) }' || ok=false
        target=$(jq -nc --arg op "$7" --argjson value "$8" '{$op, $value}')
        verdict=$(printf 'target %s %5.2f  %s' "$7" "$8" "$([ $ok = true ] && echo met || echo MISSED)")
    fi
    printf '  %-60s %10.2f %s\n' "$3" "$a" "$6" "$5" "$b" "$6"
    printf '  %-60s %10.2f %-5s  %s\n' "    the first to the second" "$ratio" times "$verdict"
    jq -nc --arg name "$1" --argjson ratio "$ratio" --arg unit "$6" --argjson target "$target" --argjson ok $ok \
        --arg what_a "$3" --argjson a "$a" --argjson runs_a "$(wc -l <"$T/$2")" \
        --arg what_b "$5" --argjson b "$b" --argjson runs_b "$(wc -l <"$T/$4")" \
        '{$name, $ratio, a: {what: $what_a, median: $a, $unit, runs: $runs_a}, b: {what: $what_b, median: $b, $unit, runs: $runs_b},
          $target, $ok}' >&3
}
