# shellcheck shell=bash
# shellcheck disable=SC2034 # VALUE is for those who source this
# SPDX-License-Identifier: MIT
#
# Servers and resolvers that never answer, and first logins meanwhile; for the test of what then happens, and the measurement of how
# long it takes.

export NEW_PASSWORD='Correct-horse.42'

login_plain() { # USER PASSWORD
    ssh_password "$1" "$2"
}
login_change() {
    ssh_first_login "$1" "$2" "$NEW_PASSWORD"
}

# The hand-off of a user, with a server that answers; VALUE is the password.
hand_over() { # USER
    user_add "$1"
    provision "$1" >/dev/null || world_die "provision $1"
    remember_key "$1"
    VALUE=$(value_of "$1") || world_die "no value"
}

server_hangs() {
    control fault match=burn kind=hang count=0 >/dev/null || world_die "no fault"
}
un_server_hangs() {
    control fault/clear >/dev/null
}

# Not by its own deadline: the module's.
helper_hangs() {
    world_guard
    mv /usr/local/sbin/otsd-hook /usr/local/sbin/otsd-hook.away || world_die "no otsd-hook"
    printf '#!/bin/sh\nexec sleep 100000\n' >/usr/local/sbin/otsd-hook
    chmod 755 /usr/local/sbin/otsd-hook
}
un_helper_hangs() {
    mv /usr/local/sbin/otsd-hook.away /usr/local/sbin/otsd-hook
}

# The records say that name, as if they had been made under it: what belongs to another server is not asked for here.
resolver_hangs() {
    local f deadline
    for f in "$LEDGER"/pending/*; do
        deadline=$(stat -c %Y "$f")
        echo "server=http://ots.example.com:${SANDBOX_URL##*:}" >>"$f"
        touch -d "@$deadline" "$f"
    done
    echo 'nameserver 127.0.0.77' >/etc/resolv.conf
    sed -i "s,url = .*,url = \"http://ots.example.com:${SANDBOX_URL##*:}\"; allow_http = true;," /etc/otsd/otsd.conf
    "$W/build/tests/e2e/mute" 127.0.0.77 53 >"$W/log/mute" &
    MUTE_PID=$!
    wait_for 60 grep -q ready "$W/log/mute" || world_die "no mute resolver"
}
un_resolver_hangs() {
    kill "$MUTE_PID"
    : >/etc/resolv.conf
    sed -i "s,url = .*,url = \"$SANDBOX_URL\";," /etc/otsd/otsd.conf
}
