#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What a login pays whose account has an open hand-off: where it goes on (a login with a key, which ends nothing) beside a program
# that does nothing; where it ends beside what cannot be done without, a bare curl that makes the same request with the same
# authorities, three files written durably, and what a login pays that goes on. Over https, with the system's authorities.

# shellcheck source=tests/bench/lab.sh
. "$(dirname "$0")/lab.sh"
lab_enter "$@"
# shellcheck source=tests/e2e/act.sh
. "$TOP/tests/e2e/act.sh"

certificates() {
    local d=$W/certificates
    mkdir -p $d
    {
        openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=an authority" -keyout $d/ca.key -out $d/ca.pem &&
            openssl req -newkey rsa:2048 -nodes -subj /CN=sandbox -keyout $d/server.key -out $d/server.csr &&
            openssl x509 -req -in $d/server.csr -CA $d/ca.pem -CAkey $d/ca.key -CAcreateserial -days 2 \
                -extfile <(echo subjectAltName=IP:127.0.0.1) -out $d/server.pem
    } 2>$W/log/openssl || world_die "openssl: $(cat $W/log/openssl)"
    world_guard
    if command -v update-ca-certificates >/dev/null; then
        mkdir -p /usr/local/share/ca-certificates
        cp $d/ca.pem /usr/local/share/ca-certificates/otsdbench.crt && update-ca-certificates >$W/log/ca 2>&1
    else
        cp $d/ca.pem /etc/pki/ca-trust/source/anchors/otsdbench.pem && update-ca-trust >$W/log/ca 2>&1
    fi || world_die "the system's authorities: $(cat $W/log/ca)"
}

programs() {
    echo 'int main(void) { return 0; }' | cc -O2 -x c -o $W/empty - || world_die "no compiler"
    cc -O2 -x c -o $W/durable - <<'END' || world_die "no compiler"
#include <fcntl.h>
#include <unistd.h>
int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        int fd = open(argv[i], O_WRONLY | O_CREAT | O_APPEND, 0600);
        if (fd < 0 || write(fd, "one more line\n", 14) != 14 || fsync(fd) != 0)
            return 1;
    }
    return 0;
}
END
}

timed() { # TIMES COMMAND...
    "$B/tests/bench/timed" "$T/$1" "${@:2}" >$W/log/run 2>&1 3>&- </dev/null || world_die "${*:2}: status $?: $(cat $W/log/run)"
}

once() { # USER
    local key
    timed empty $W/empty
    timed kept otsd-hook login --event=session --service=sshd --method=publickey --rhost=127.0.0.1 --deadline-ms=20000 -- waits
    timed durable $W/durable $LEDGER/durable /var/log/otsd/durable /etc/durable
    key=$(curl -sS --fail -K $W/curl -d ttl=3600 "$SANDBOX_URL/api/v1/generate" | jq -er .metadata_key) || world_die "no secret"
    timed curl curl -sS --fail -K $W/curl -o /dev/null -d continue=true "$SANDBOX_URL/api/v1/private/$key/burn"
    user_add "$1"
    command otsd-hook provision "$1" >$W/log/run 2>&1 3>&- </dev/null || world_die "provision: $(cat $W/log/run)"
    world_guard
    usermod -p "\$6\$another\$word" "$1"
    timed ends otsd-hook login --event=password --service=passwd --deadline-ms=20000 -- "$1"
    [ "$(audit "$1" closed | jq -r .outcome)" = "burned unread" ] || world_die "the hand-off of $1 is not over"
}

lab_up
certificates
programs
world_start_sandbox v0.26.6 --no-limits --tls-cert $W/certificates/server.pem --tls-key $W/certificates/server.key 3>&-
(umask 077 && printf 'user = "%s:%s"\n' "$SANDBOX_ACCOUNT" "$SANDBOX_TOKEN" >$W/curl)
world_configure true ''
printf 'password = { hash = "sha512crypt"; rounds = 1000; };\n' >>/etc/otsd/otsd.conf
user_add waits
command otsd-hook provision waits >$W/log/run 2>&1 3>&- </dev/null || world_die "provision: $(cat $W/log/run)"
runs=25
[ "$scale" != quick ] || runs=5
for n in $(seq $runs); do
    once "ends$n"
done
paste -d' ' $T/curl $T/durable $T/empty $T/kept | awk '{ print $1 + $3 - $5 + $7 }' >$T/needed
heading "A login with an open hand-off, over https with the system's authorities (medians of $runs runs in turn)"
figure login_goes_on kept "what it pays where the hand-off goes on" empty "a program that does nothing" ms '<=' 5
figure login_ends ends "what it pays where it ends" needed "a bare curl, three durable files, and one that goes on" ms '<=' 1.3
