# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What people and machines do in the world of world.sh: accounts, logins of each kind, the mail, the link, and looks at
# the state that is left (ledger, audit log, sandbox). All passwords go in by descriptors.

export LEDGER=/var/lib/otsd
export AUDIT=/var/log/otsd/audit.log

# ---- accounts ------------------------------------------------------------------------------------------------------

user_add() { # USER...: as an administrator makes them, without a password
    local user
    world_guard
    for user; do
        useradd -m -s /bin/sh "$user" || world_die "useradd $user"
    done
}

set_password() { # USER PASSWORD: by root
    world_guard
    printf '%s:%s\n' "$1" "$2" | chpasswd
}

shadow_of() { # USER: the line of the shadow file
    grep "^$1:" /etc/shadow
}

# ---- logins: each prints what the person sees; the status is the program's --------------------------------------

# No escape character: a password may begin with it.
SSH_OPTIONS=(-F none -e none -p "$SSH_PORT" -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR
    -o NumberOfPasswordPrompts=1 -o ConnectTimeout=120)

talk() {
    "$TOP/tests/e2e/talk" "$@" | tr -d '\r'
    return "${PIPESTATUS[0]}"
}

# Lines for talk: question and answer in turn.
dialogue() {
    local tab=$'\t'
    while [ $# -gt 1 ]; do
        printf '%s%s%s\n' "$1" "$tab" "$2"
        shift 2
    done
}

forced_change() { # OLD NEW: what pam_unix asks at a first login
    dialogue '([Cc]urrent|[Oo]ld)[^:]*: $' "$1" '[Nn]ew [^:]*: $' "$2" '[Rr]etype[^:]*: $' "$2"
}

ssh_login() { # METHODS TTY-OPTION USER [COMMAND...]: the answers on standard input
    local methods=$1 tty=$2 user=$3
    shift 3
    talk ssh "${SSH_OPTIONS[@]}" -o PreferredAuthentications="$methods" -o PubkeyAuthentication=no "$tty" \
        "$user@127.0.0.1" "$@"
}

ssh_password() { # USER PASSWORD [COMMAND...]: no terminal on the far side
    local user=$1 password=$2
    shift 2
    dialogue 'assword: $' "$password" | ssh_login password -T "$user" "${@:-true}"
}

ssh_password_tty() { # USER PASSWORD [COMMAND...]
    local user=$1 password=$2
    shift 2
    dialogue 'assword: $' "$password" | ssh_login password -tt "$user" "${@:-true}"
}

# Without a command sshd shows what the session modules said; with one it does not.
ssh_shell() { # USER PASSWORD: a shell on a terminal, left at once
    dialogue 'assword: $' "$2" '[$] $' exit | ssh_login password -tt "$1"
}

ssh_first_login() { # USER PASSWORD NEW-PASSWORD: with the forced change of password
    { dialogue 'assword: $' "$2"; forced_change "$2" "$3"; } | ssh_login password -tt "$1"
}

ssh_keyboard_first_login() { # USER PASSWORD NEW-PASSWORD: here the change is part of the authentication
    { dialogue 'assword: $' "$2"; forced_change "$2" "$3"; } | ssh_login keyboard-interactive -tt "$1" true
}

ssh_keyboard() { # USER PASSWORD [COMMAND...]
    local user=$1 password=$2
    shift 2
    dialogue 'assword: $' "$password" | ssh_login keyboard-interactive -T "$user" "${@:-true}"
}

key_add() { # USER: gives the account an ssh key, $W/key-USER
    local home
    world_guard
    home=$(getent passwd "$1" | cut -d: -f6)
    ssh-keygen -q -t ed25519 -N '' -f "$W/key-$1" &&
        install -d -m 700 -o "$1" -g "$1" "$home/.ssh" &&
        install -m 600 -o "$1" -g "$1" "$W/key-$1.pub" "$home/.ssh/authorized_keys"
}

ssh_key() { # USER TTY-OPTION [COMMAND...]
    local user=$1 tty=$2
    shift 2
    talk ssh "${SSH_OPTIONS[@]}" -o BatchMode=yes -i "$W/key-$user" "$tty" "$user@127.0.0.1" "${@:-true}" </dev/null
}

# The login of util-linux hangs its terminal up and closes it before it opens it anew, which ends a pseudo-terminal
# for the one who looks at it: so it runs without the capability to hang up, and a sleep keeps the terminal open.
console_login() { # USER PASSWORD [NEW-PASSWORD]: login(1) on a terminal, then exit
    { dialogue 'assword: $' "$2"; [ $# -lt 3 ] || forced_change "$2" "$3"; dialogue '[$] $' exit; } |
        talk setpriv --bounding-set -sys_tty_config sh -c "sleep 30 & exec login $1"
}

passwd_by_user() { # USER OLD NEW
    forced_change "$2" "$3" | talk setpriv --reuid "$1" --regid "$1" --init-groups passwd
}

passwd_by_root() { # USER NEW
    dialogue '[Nn]ew [^:]*: $' "$2" '[Rr]etype[^:]*: $' "$2" | talk passwd "$1"
}

su_by_user() { # FROM USER PASSWORD: another person, who knows the password
    dialogue 'assword: $' "$3" | talk setpriv --reuid "$1" --regid "$1" --init-groups su - "$2" -c true
}

# ---- the hand-off --------------------------------------------------------------------------------------------------

# Records what the server answers, for value_of; all else passes through.
otsd-hook() {
    case ${1:-} in
    provision | reissue)
        mkdir -p "$W/wire"
        strace -f --seccomp-bpf -qq -o "$(mktemp "$W/wire/XXXXXX")" -xx -s 65536 -e trace=recvfrom /usr/local/sbin/otsd-hook "$@"
        ;;
    *) command otsd-hook "$@" ;;
    esac
}

provision() { # [OPTION...] USER
    otsd-hook provision "$@" </dev/null
}

# The newest mail to a person: its file.
mail_to() { # ADDRESS
    local f newest=""
    for f in "$W"/mail/*.eml; do
        grep -qiE "^To:.*$1" "$f" 2>/dev/null || continue
        [ -n "$newest" ] && [ ! "$f" -nt "$newest" ] || newest=$f
    done
    [ -n "$newest" ] && echo "$newest"
}

# The link that the person was mailed; quoted-printable soft breaks undone.
link_of() { # USER
    local file
    file=$(mail_to "$1@example.com") || return 1
    tr -d '\r' <"$file" | sed -e ':a' -e '/=$/{N;s/=\n//;ba' -e '}' |
        grep -oE 'https?://[^ ">]*/secret/[A-Za-z0-9]+' | head -n 1
}

# Opens a link as its recipient does: prints the value; fails where the secret is gone.
open_link() { # LINK [PASSPHRASE]
    curl -sS -X POST ${2:+--data-urlencode "passphrase=$2"} "$SANDBOX_URL/api/v1/secret/${1##*/}" |
        jq -er ".value // empty"
}

# The metadata keys of hand-offs, kept because the record is gone once one is over.
declare -A KEY=()
remember_key() { # USER, whose hand-off is open
    KEY[$1]=$(sed -n "s/^metadata_key=//p" "$LEDGER/pending/$1" | tail -n 1)
    [ -n "${KEY[$1]}" ]
}

# What the sandbox knows of the secrets that the filter selects: new, received, burned, expired … Releases before v0.26 call one viewed
# that was generated, or whose receipt was asked for: nobody opened it, so that is new, too.
states_of() { # FILTER [JQ-OPTION...]
    control secrets | jq -r "${@:2}" ".[] | select($1) | .state | if . == \"viewed\" then \"new\" else . end"
}

server_state() { # USER
    # shellcheck disable=SC2016 # a name of jq's
    states_of '.metadata_key == $k' --arg k "${KEY[$1]}"
}

# What the server looks like after a hand-off, as a regular expression: v0.22 and v0.23 show themselves by the letters of most passwords.
looks_like() {
    if released since v0.26; then
        echo 'v0\.26 or later'
    elif released since v0.24; then
        echo 'v0\.24-v0\.25'
    elif released since v0.22; then
        echo '(v0\.22|v0\.18)-v0\.23'
    else
        echo 'v0\.18-v0\.23'
    fi
}

# How a hand-off is closed whose link nobody opened before it expired: of such a one v0.18 shows what it shows of an orphan.
expired_unread() {
    if released before v0.20; then echo unknown; else echo 'expired unread'; fi
}

# What the server generated for a person, without opening the link: taken from the wire, where otsd-net got it.
value_of() { # USER, after remember_key
    local f wire
    for f in "$W"/wire/*; do
        wire=$(printf "%b" "$(sed -n 's/^[0-9]* *recvfrom([^"]*"\([^"]*\)".*/\1/p' "$f" | sed "s/\\\\x00//g" | tr -d "\n")")
        [[ $wire == *"\"metadata_key\":\"${KEY[$1]}\""* ]] || continue
        grep -oE '"value": *"(\\.|[^"\])*"' <<<"$wire" | head -n 1 | sed "s/.*/{&}/" | jq -er .value
        return
    done
    return 1
}

# Makes a hand-off overdue, as if it had been made a while ago for a short time: by the wall clock, and by the clock that
# nobody steps. The server knows nothing of it. LEDGER_RW: where the ledger can be written.
make_overdue() { # USER
    local record=${LEDGER_RW:-$LEDGER}/pending/$1 created boot_created
    created=$(record_value "$record" created)
    boot_created=$(record_value "$record" boot_created)
    created=$((created - 20))
    {
        printf 'created=%s\ndeadline=%s\n' "$created" $((created + 10))
        [ -z "$boot_created" ] || printf 'boot_created=%s\n' $((boot_created - 20))
    } >>"$record"
    touch -d "@$((created + 10))" "$record"
}

record_value() { # FILE NAME: the last one counts
    sed -n "s/^$2=//p" "$1" | tail -n 1
}

# ---- looks ---------------------------------------------------------------------------------------------------------

control() { # CALL [NAME=VALUE...]: the sandbox from behind
    local call=$1 fields=()
    shift
    while [ $# -gt 0 ]; do
        fields+=(--data-urlencode "$1")
        shift
    done
    case $call in
    secrets | requests) curl -sS --fail-with-body "$SANDBOX_URL/sandbox/$call" ;;
    *) curl -sS --fail-with-body -X POST "${fields[@]}" "$SANDBOX_URL/sandbox/$call" ;;
    esac
}

ledger() { # everything in it, as STATE/NAME, one a line
    (cd $LEDGER 2>/dev/null && find issuing pending claimed -type f 2>/dev/null | sort)
}

audit() { # USER EVENT: the lines
    jq -c --arg u "$1" --arg e "$2" 'select(.user == $u and .event == $e)' $AUDIT 2>/dev/null
}

audit_count() { # USER EVENT
    audit "$1" "$2" | wc -l
}

milliseconds() {
    local now=${EPOCHREALTIME/[.,]/}
    echo $((now / 1000))
}
