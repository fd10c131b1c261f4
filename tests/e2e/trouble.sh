# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What can be wrong with a machine while a hand-off ends, for the world of world.sh: one trouble at a time, switched on
# and off. trouble_prepare once, before the first; then trouble_on NAME and trouble_off NAME.
#
#   lock      a real passwd, of the user "holder", stopped by SIGSTOP while it holds /etc/.pwd.lock
#   key       otsd.conf has an unknown key            mode   otsd.conf has mode 0664
#   server    the server takes requests and is silent
#   ledger    the ledger is on a file system that is read-only; $LEDGER_RW is a way in for the test itself
#   names     a name service behind /etc/passwd is unavailable, with ENOENT (trouble/directory.c); its only account is "dora"
#   forward   the wall clock is stepped a year forward   back   a year back (trouble/clock.c)
#   nothing   nothing
#
# The clock is wrong for what is started afterwards (sshd starts itself anew for each connection); the server keeps the
# right time, as it would. A file's times are the kernel's, hence right, also where a program with the wrong clock wrote
# it: what stepping the clock does to files that are written afterwards is not in here. A record from before the step
# looks as it would: its ctime lies in the future where the clock was stepped back.

# shellcheck disable=SC2034 # for the test
TROUBLES=(nothing lock key mode server ledger names forward back)
TROUBLE=$W/trouble
LEDGER_RW=$W/ledger
YEAR=31536000

trouble_prepare() {
    local c
    world_guard
    mkdir -p "$TROUBLE" "$LEDGER_RW" "$LEDGER"
    chmod 755 "$TROUBLE"
    mount --bind "$LEDGER" "$LEDGER_RW" || world_die "no second way to the ledger"
    for c in clock:clock.so directory:libnss_otsdtest.so.2; do
        cc -std=c11 -D_GNU_SOURCE -shared -fPIC -o "$TROUBLE/${c#*:}" "$TOP/tests/e2e/trouble/${c%:*}.c" -ldl ||
            world_die "no compiler"
    done
    echo "$TROUBLE" >/etc/ld.so.conf.d/otsdtest.conf && ldconfig
    echo 'dora:x:20001:20001::/nonexistent:/bin/sh' >"$TROUBLE/directory"
    echo 'dora:!:19000:0:99999:7:::' >>/etc/shadow
    sed -i 's/^passwd:.*/passwd: files otsdtest/' /etc/nsswitch.conf
    user_add holder
    set_password holder Holder-0.pass
    HOLDS=0
}

# ---- a stopped passwd ------------------------------------------------------------------------------------------------

# strace chooses the moment: right after the lock was got. The user's own kill would do, at the right moment.
passwd_stops() {
    forced_change "Holder-$HOLDS.pass" "Holder-$((HOLDS + 1)).pass" |
        TALK_SECONDS=3600 talk strace -f -qq -o "$W/log/holder" -P /etc/.pwd.lock -e trace=fcntl \
            -e inject=fcntl:signal=STOP:when=1 setpriv --reuid holder --regid holder --init-groups passwd
}

lock_holder() { # prints the pid of the process that holds the lock, which has to be stopped
    local inode pid
    inode=$(stat -c %i /etc/.pwd.lock)
    pid=$(awk -v inode="$inode" '$2 == "POSIX" { split($6, at, ":"); if (at[3] == inode) print $5 }' /proc/locks)
    [ -n "$pid" ] && [ "$(cat "/proc/$pid/comm")" = passwd ] && grep -q '^State:.[tT]' "/proc/$pid/status" && echo "$pid"
}

trouble_on_lock() {
    passwd_stops >"$W/log/passwd" 2>&1 &
    PASSWD_JOB=$!
    wait_for 60 lock_holder || world_die "passwd does not hold the lock: $(cat "$W/log/passwd")"
}

# The user lets it go on: it changes the password.
trouble_off_lock() {
    setpriv --reuid holder --regid holder --clear-groups "$BASH" -c 'kill -CONT "$1"' - "$(lock_holder)" ||
        world_die "nobody holds the lock"
    wait "$PASSWD_JOB" || world_die "the stopped passwd did not come to its end: $(cat "$W/log/passwd")"
    HOLDS=$((HOLDS + 1))
}

# ---- the others ------------------------------------------------------------------------------------------------------

trouble_on_key() { world_guard; echo 'unknown_key = 1;' >>/etc/otsd/otsd.conf; }
trouble_off_key() { world_guard; sed -i '/^unknown_key/d' /etc/otsd/otsd.conf; }

trouble_on_mode() { world_guard; chmod 664 /etc/otsd/otsd.conf; }
trouble_off_mode() { world_guard; chmod 644 /etc/otsd/otsd.conf; }

trouble_on_server() { control fault match=any kind=hang count=0 >/dev/null || world_die "no fault"; }
trouble_off_server() { control fault/clear >/dev/null || world_die "the fault stays"; }

trouble_on_ledger() {
    { mount --bind "$LEDGER" "$LEDGER" && mount -o remount,bind,ro "$LEDGER"; } || world_die "the ledger stays writable"
}
trouble_off_ledger() { umount "$LEDGER" || world_die "the ledger stays read-only"; }

trouble_on_names() { : >"$TROUBLE/down"; }
trouble_off_names() { rm "$TROUBLE/down"; }

# The same outage where the module cannot even be loaded: libc then says "no such user", without an error.
names_module_missing() { # COMMAND...
    world_guard
    sed -i 's/^passwd:.*/passwd: files otsdmissing/' /etc/nsswitch.conf
    "$@"
    sed -i 's/^passwd:.*/passwd: files otsdtest/' /etc/nsswitch.conf
}

clock_steps() { # SECONDS
    world_guard
    echo "$1" >"$TROUBLE/shift"
    echo "$TROUBLE/clock.so" >/etc/ld.so.preload
}
trouble_on_forward() { clock_steps $YEAR; }
trouble_on_back() { clock_steps -$YEAR; }
trouble_off_forward() { world_guard; rm /etc/ld.so.preload; }
trouble_off_back() { trouble_off_forward; }

trouble_on_nothing() { :; }
trouble_off_nothing() { :; }

trouble_on() { "trouble_on_$1"; }
trouble_off() { "trouble_off_$1"; }
