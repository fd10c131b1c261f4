# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# shellcheck disable=SC2034 # the arrays are read by name
#
# The operations that the crash matrix interrupts: prepare_X brings about what X needs, command_X is what runs.

export CHANGED='$6$changed$by.other.means'

issue() { # USER
    otsd-hook provision "$1" >/dev/null || world_die "provision $1"
}

change_password() { # USER
    usermod -p "$CHANGED" "$1"
}

pass_deadline() { # USER: the record says that its time is over
    echo deadline=1000000000 >>"$LEDGER/pending/$1"
    touch -d @1000000000 "$LEDGER/pending/$1"
}

prepare_provision() { :; }
command_provision=(otsd-hook provision carol)

prepare_login() { issue carol; change_password carol; }
command_login=(otsd-hook login --event=password --service=passwd --deadline-ms=3000 -- carol)

prepare_deadline() { issue carol; pass_deadline carol; }
command_deadline=(otsd-hook login --event=auth --service=sshd --deadline-ms=3000 -- carol)

prepare_sweep() { issue carol; issue dave; change_password carol; pass_deadline dave; }
command_sweep=(otsd-hook sweep)

# The account is called dave now; that is, what was carol's is dave's, and there is a new carol.
prepare_rename() {
    local uid hash
    issue carol
    world_guard
    uid=$(id -u carol) hash=$(shadow_of carol | cut -d: -f2)
    sed -i "s/^dave:x:[0-9]*:/dave:x:$uid:/" /etc/passwd
    awk -F: -v OFS=: -v hash="$hash" '$1 == "carol" { $2 = "!" } $1 == "dave" { $2 = hash; $3 = 0 } 1' /etc/shadow >"$W/renamed" &&
        cat "$W/renamed" >/etc/shadow
}
command_rename=(otsd-hook sweep)

prepare_revoke() { issue carol; }
command_revoke=(otsd-hook revoke carol)

prepare_reissue() { issue carol; }
command_reissue=(otsd-hook reissue carol)

# Threads share its work.
prepare_batch() { printf 'user\ncarol\ndave\n' >"$W/pair.csv"; }
command_batch=(otsd-hook provision --batch="$W/pair.csv" --report="$W/pair.report")

case_configure() { # cheap hash; short patience, for a sweep waits as long before it judges an intent
    sed -i 's/^server = {/&\n    timeout = 2;/' /etc/otsd/otsd.conf
    echo 'password = { hash = "sha512crypt"; rounds = 1000; };' >>/etc/otsd/otsd.conf
}

case_world() { # the accounts of these tests, and their configuration
    case_configure
    user_add carol dave
    keep_shadow
}
