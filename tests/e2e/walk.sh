# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# For messages.test: walk, which meets messages and does what they name, and what the walks need of the world.
# To be sourced after act.sh and tap.sh.

# shellcheck disable=SC2034 # OWN is for who sources this
# shellcheck disable=SC2016 # a hash, a program
OWN=Correct-horse.42

# ---- what is walked ------------------------------------------------------------------------------------------------

# What the source has that names a command, an option or a remedy, and is no message with a next step.
quiet() {
    grep -vxE -e '--[a-z-]+=?' -e 'reissue|revoke' -e '/.*otsd-sweep.timer' -e '\[OPTION.*' -e 'not asked \(--offline\);.*' \
        -e '\\n  --help, --version' -e 'there is no command .*; see otsd --help'
}

# A message as a regular expression: what stands for a name, a number, a reason is anything.
regex_of() { # MESSAGE
    sed -E -e 's/\\n.*$//' -e 's/^[; ]+//' -e 's/\\"/"/g' -e 's/[][\.*^$(){}?+|]/\\&/g' -e 's/%[0-9.]*(l|ll|z)?[a-z]/.*/g' \
        -e 's/<[A-Z_]+>/.*/g' <<<"$1"
}

# walk PART MEET NEXT HOLDS...: each message that has PART in it is said by MEET; what it names is done by NEXT, which
# succeeds; and then HOLDS hold. All are lines of shell.
walk() {
    local part=$1 meet=$2 next=$3 message promise
    shift 3
    promise="$part"
    grep -F -e "$part" "$W/messages" >"$W/these" || echo "no message has this: $part" >"$W/these"
    cat "$W/these" >>"$W/walked"
    (eval "$meet") >"$W/said" 2>&1 </dev/null
    while read -r message; do
        check "$promise: is said" said "$(regex_of "$message")"
    done <"$W/these"
    check "$promise: what it names works" eval "$next"
    [ $# -eq 0 ] || check "$promise: as it promised" all_of "$@"
}

said() { # REGEX
    like "$(cat "$W/said")" "$1"
}

# ---- the world -----------------------------------------------------------------------------------------------------

fault() {
    local match=$1 kind=$2
    shift 2
    control fault match="$match" kind="$kind" "$@" >/dev/null
}

faults_end() {
    control fault/clear >/dev/null
}

open_for() { # USER
    is "$(ledger | grep "/$1\$")" "pending/$1"
}

over() { # USER REASON: closed for it, and nothing is left
    is "$(ledger | grep -E "/$1(\.|\$)")" '' && is "$(audit "$1" closed | tail -n 1 | jq -r .reason)" "$2"
}

locked() { # USER
    like "$(shadow_of "$1")" "^$1:!"
}

no_live_secret() {
    is "$(control secrets | jq '[.[] | select(.state == "new" or .state == "viewed")] | length')" 0
}

start() { # USER...
    local user
    for user; do
        user_add "$user"
        provision "$user" >/dev/null || world_die "provision $user"
    done
}

change() { # USER: behind everybody's back
    world_guard
    usermod -p '$6$changed$by.other.means' "$1"
}

roster() { # NAME USER...
    { echo user; printf '%s\n' "${@:2}"; } >"$W/$1"
    chmod 600 "$W/$1"
}

batch() { # ROSTER [OPTION...]
    command otsd-hook provision --batch="$W/$1" --report="$W/$1.report" "${@:2}"
}

# The first request of that call is held until release; the second one of the kind lets both go. Who is held waits for as long as it takes.
hold() { # CALL
    sed -i 's/timeout = 5;/timeout = 120;/' /etc/otsd/otsd.conf
    fault "$1" gather least=2 count=2
}
is_held() {
    is "$(control requests | jq .in_flight)" 1
}
release() {
    sed -i 's/timeout = 120;/timeout = 5;/' /etc/otsd/otsd.conf
    otsd authcheck >/dev/null
}

# While somebody holds the record of USER: holding USER COMMAND...
holding() {
    local holder status=0
    (exec 9<"$LEDGER/pending/$1" && flock 9 && touch "$W/holds" && exec sleep 3600) &
    holder=$!
    wait_for 120 test -e "$W/holds"
    shift
    "$@" || status=$?
    rm -f "$W/holds"
    kill -KILL $holder
    wait $holder 2>/dev/null
    return $status
}

# Configuration lines for the time of some messages.
with_command() { # PROGRAM-TEXT
    printf '#!/bin/sh\n%s\n' "$1" >/usr/local/sbin/set-password
    printf '#!/bin/sh\nwhile read -r user; do usermod -L "$user" || exit 1; done\n' >/usr/local/sbin/lock-account
    chmod 755 /usr/local/sbin/set-password /usr/local/sbin/lock-account
    cp -a "$W/conf" /etc/otsd/otsd.conf
    echo 'password = { backend = "command"; command = "/usr/local/sbin/set-password"; lock_command = "/usr/local/sbin/lock-account"; };' \
        >>/etc/otsd/otsd.conf
}
