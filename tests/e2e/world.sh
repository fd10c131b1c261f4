# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# The world of the end-to-end tests and of the demo: a whole small machine (sshd, PAM, accounts, syslog, an
# otsd-sandbox) in namespaces of its own, with this build tree installed into it by "make install".
#
# Guarantees: nothing outside is touched. Mounts, processes and network are private; /etc /home /root /usr /var are
# overlays on a tmpfs, /run /tmp /dev are new; the source and build trees are mounted read-only; only loopback exists.
# When the script ends, however it ends, the world ends with it (pid namespace).
#
#   . "$(dirname "$0")/world.sh"
#   world_enter "$@"                 runs this script again, inside; says "1..0 # SKIP why" where it cannot. RELEASE is the server's
#                                    release by turns, see releases.sh; where more of them are wanted it runs once for each
#   world_up [NAME=VALUE...]         installs, configures, starts; see there
#   user_add, provision, control, link_of, value_of, ssh_with_password, ...   see act.sh

set -u

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
W=/run/world
SSH_PORT=2222
SANDBOX_ACCOUNT=ops@example.com
SANDBOX_TOKEN=8c1f0e6a5b7d42c3a9e4d7f60b218a35
# What is chosen by turns is chosen by this.
SEED=${SEED:-$((10#$(date +%N) / 1000))}

# shellcheck source=tests/e2e/releases.sh
. "$TOP/tests/e2e/releases.sh"

world_skip() {
    echo "1..0 # SKIP $*"
    exit 0
}

world_die() {
    echo "world: $*" >&2
    exit 70
}

# ---- going in ------------------------------------------------------------------------------------------------------

world_enter() {
    local why release chosen_releases status=0
    if [ "${OTSD_WORLD:-}" = inside ]; then
        unset OTSD_WORLD
        [ -z "$RELEASE" ] || [ "${0%.test}" = "$0" ] || echo "# release: $RELEASE (SEED=$SEED; RELEASES=$RELEASE takes it)"
        world_mount
        return
    fi
    B=$(cd "$TOP" && cd "${B:-build}" 2>/dev/null && pwd) || world_die "there is no build tree; run make first"
    [ "$(id -u)" -eq 0 ] || world_skip "needs root, for namespaces and mounts"
    why=$(unshare -m -n -p -f --mount-proc sh -c 'mount -t tmpfs none /mnt && mkdir /mnt/u /mnt/w /mnt/o &&
        mount -t overlay -o lowerdir=/etc,upperdir=/mnt/u,workdir=/mnt/w overlay /mnt/o' 2>&1) ||
        world_skip "this system allows no namespaces or overlays: $why"
    [ -x "$B/tests/e2e/syslogd" ] || world_die "there is no $B/tests/e2e/syslogd; run: make tests"
    [ -x /usr/sbin/sshd ] || [ -x "$TOP/build/sshd/usr/sbin/sshd" ] || world_die "there is no sshd; run: sudo make deps"
    mapfile -t chosen_releases < <(releases_of_script)
    [ ${#chosen_releases[@]} -gt 1 ] || world_run "${chosen_releases[0]}" exec "$@"
    # A run that ends before its plan must not be hidden by the plans of others.
    set -o pipefail
    for release in "${chosen_releases[@]}"; do
        world_run "$release" '' "$@" | awk '{ print; fflush() } /^1\.\./ { plan = 1 } END { exit !plan }' || status=$?
    done
    exit $status
}

# This script, inside; the world has nothing of its caller's environment but this.
world_run() { # RELEASE exec|'' [ARGUMENT...]
    local release=$1 self how=$2
    shift 2
    self=$(readlink -f "$0")
    $how env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C TZ=UTC \
        TERM="${TERM:-dumb}" B="$B" CI="${CI:-}" OTSD_WORLD=inside SEED="$SEED" RELEASE="$release" RELEASES="${RELEASES:-}" \
        unshare -m -n -p -f --mount-proc --kill-child -- "$BASH" "$self" "$@"
}

bind_readonly() { # FROM TO
    mount --bind "$1" "$2" || world_die "$1 cannot be bound"
    mount -o remount,bind,ro "$2" || world_die "$1 cannot be bound read-only"
}

world_mount() {
    local d lower
    { mount -t tmpfs -o mode=755 tmpfs /run && mkdir -p $W/tree $W/build $W/up $W/work $W/dev $W/log; } ||
        world_die "no tmpfs on /run"
    bind_readonly "$TOP" $W/tree
    bind_readonly "$B" $W/build
    [ ! -e "$B/profile.o" ] || { mkdir $W/profiles && mount --bind "$B" $W/profiles; } || world_die "$B cannot be bound"
    # /lib apart from /usr only where it is not a link into it.
    for d in etc home root usr var lib lib64; do
        lower=/$d
        if [ -L "$lower" ] || [ ! -d "$lower" ]; then
            continue
        fi
        mkdir $W/up/$d $W/work/$d
        mount -t overlay -o lowerdir=$lower,upperdir=$W/up/$d,workdir=$W/work/$d overlay $lower ||
            world_die "no overlay on $lower"
    done
    for d in tmp var/tmp; do
        mount -t tmpfs -o mode=1777 tmpfs /$d || world_die "no tmpfs on /$d"
    done
    # An instrumented build writes its profiles to where it was built, which may lie under one of these.
    [ ! -d $W/profiles ] || { mkdir -p "$B" && mount --bind $W/profiles "$B"; } || world_die "$B cannot be bound"
    [ "$(stat -f -c %T /etc)" = overlayfs ] || world_die "/etc is no overlay"
    : >/etc/.otsd-world
    world_mount_dev
    ip link set lo up || world_die "no loopback"
    TOP=$W/tree
    B=$W/build
    export B
    cd $W/tree || world_die "no source tree"
    mkdir -p /run/lock /run/sshd
    chmod 755 /run/sshd
    world_clean_machine
}

# Devices of its own, because /dev/log has to be: syslog messages of the tests must not reach the machine's.
world_mount_dev() {
    local d
    { mount -t tmpfs -o mode=755 tmpfs $W/dev && mkdir $W/dev/pts $W/dev/shm; } || world_die "no /dev"
    for d in null zero full random urandom tty; do
        : >$W/dev/$d
        mount --bind /dev/$d $W/dev/$d || world_die "no /dev/$d"
    done
    mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts $W/dev/pts || world_die "no /dev/pts"
    mount -t tmpfs -o mode=1777 tmpfs $W/dev/shm || world_die "no /dev/shm"
    ln -s pts/ptmx $W/dev/ptmx
    ln -s /proc/self/fd $W/dev/fd
    mount --move $W/dev /dev || world_die "no /dev"
}

# Of the names in one file keeps those that the other one has.
world_keep_known() { # FILE OTHER
    [ -e "$1" ] || return 0
    awk -F: 'NR == FNR { have[$1] = 1; next } $1 in have' "$2" "$1" >$W/known || world_die "$1"
    cat $W/known >"$1" || world_die "$1"
}

# Before anything that changes accounts or files: is this the world's own machine? Mounts have been lost before, and what
# came then hit the real one. The mark goes with the overlay, and with a copy that is bound over it.
world_guard() {
    [ -e /etc/.otsd-world ] || world_die "/etc is not the world's own"
}

# The same machine everywhere: no accounts of people, no earlier otsd, names from files and DNS only.
world_clean_machine() {
    local f
    world_guard
    rm -rf /etc/otsd /var/lib/otsd /var/log/otsd /etc/nologin
    for f in passwd group; do
        { awk -F: '$3 < 1000 || $3 == 65534' /etc/$f >$W/$f && cat $W/$f >/etc/$f; } || world_die "/etc/$f"
    done
    for f in shadow:passwd gshadow:group; do
        world_keep_known "/etc/${f%:*}" "/etc/${f#*:}"
    done
    rm -f $W/passwd $W/group $W/known /etc/subuid /etc/subgid
    rm -rf /etc/update-motd.d /etc/motd
    # Often mounts of their own, which the overlay hides, or links out of it.
    rm -f /etc/hosts /etc/resolv.conf /etc/nsswitch.conf
    echo '127.0.0.1 localhost' >/etc/hosts
    : >/etc/resolv.conf
    printf '%s\n' 'passwd: files' 'group: files' 'shadow: files' 'hosts: files dns' >/etc/nsswitch.conf
}

# ---- starting ------------------------------------------------------------------------------------------------------

# Waits until a command succeeds, asking every 10 ms: wait_for SECONDS COMMAND...
wait_for() {
    local left=$(($1 * 100))
    shift
    until "$@" >/dev/null 2>&1; do
        left=$((left - 1))
        [ $left -gt 0 ] || return 1
        sleep 0.01
    done
}

port_open() {
    : 2>/dev/null <>"/dev/tcp/127.0.0.1/$1"
}

# world_up [release=v0.18.5…] [limits=yes] [must_change=true|false] [deadline=SECONDS] [pam=lines|profile|none]
world_up() {
    local release=$RELEASE limits=no must_change=true deadline='' pam=lines
    while [ $# -gt 0 ]; do
        case $1 in
        release=* | limits=* | must_change=* | deadline=* | pam=*) local "$1"; shift ;;
        *) world_die "world_up: what is $1?" ;;
        esac
    done
    world_install
    world_start_syslog
    # The few that are about them have an old server's limits.
    if [ "$limits" = yes ]; then world_start_sandbox "$release"; else world_start_sandbox "$release" --no-limits; fi
    world_configure "$must_change" "$deadline"
    world_pam "$pam"
    world_start_sshd
}

# What the user types, less the building: -o leaves the programs as they are.
world_install() {
    world_guard
    make -C $W/tree -o all B=$W/build PREFIX=/usr/local install >$W/log/install 2>&1 ||
        { cat $W/log/install >&2; world_die "make install failed"; }
}

world_start_syslog() {
    $W/build/tests/e2e/syslogd /dev/log $W/log/syslog >$W/log/syslogd 2>&1 &
    wait_for 120 grep -q ready $W/log/syslogd || world_die "no syslog: $(cat $W/log/syslogd)"
}

# Starts a sandbox; SANDBOX_URL, SANDBOX_PID and SANDBOX_RELEASE are of the last one. With --tls-cert among the options it is https.
world_start_sandbox() { # RELEASE [OPTION...]
    local release=$1 scheme=http
    case $release in
    old) SANDBOX_RELEASE=v0.20.5 ;;
    new) SANDBOX_RELEASE=v0.26.6 ;;
    *) SANDBOX_RELEASE=$release ;;
    esac
    shift
    case " $* " in *" --tls-cert "*) scheme=https ;; esac
    mkdir -p $W/mail
    rm -f $W/port
    /usr/local/bin/otsd-sandbox --release "$release" --listen 127.0.0.1:0 --account "$SANDBOX_ACCOUNT:$SANDBOX_TOKEN" \
        --mail-dir $W/mail --control --port-file $W/port "$@" >$W/log/sandbox 2>&1 &
    export SANDBOX_PID=$!
    wait_for 120 test -s $W/port || world_die "no sandbox: $(cat $W/log/sandbox)"
    SANDBOX_URL=$scheme://127.0.0.1:$(cat $W/port)
}

world_configure() { # MUST-CHANGE DEADLINE
    world_guard
    mkdir -p /etc/otsd
    (umask 077 && printf '%s\n' "$SANDBOX_TOKEN" >/etc/otsd/token)
    cat >/etc/otsd/otsd.conf <<END
server = {
    url = "$SANDBOX_URL";
    username = "$SANDBOX_ACCOUNT";
    token_file = "/etc/otsd/token";
};
handoff = {
    ttl = "1h";
    recipient = "%u@example.com";
    must_change = $1;
};
END
    chmod 644 /etc/otsd/otsd.conf
    PAM_ARGUMENTS=${2:+deadline=$2}
}

# The lines that pam-auth-update makes of the profile etc/pam-configs/otsd, put in by hand or by pam-auth-update itself.
world_pam() { # lines | profile | none
    local auth=/etc/pam.d/common-auth password=/etc/pam.d/common-password session=/etc/pam.d/common-session
    [ -f $auth ] || auth=/etc/pam.d/system-auth password=/etc/pam.d/system-auth session=/etc/pam.d/system-auth
    [ "$1" = none ] && return
    if [ "$1" = profile ]; then
        DEBIAN_FRONTEND=noninteractive pam-auth-update --enable otsd >$W/log/pam-auth-update 2>&1 ||
            world_die "pam-auth-update: $(cat $W/log/pam-auth-update)"
        return
    fi
    # Where a password module that succeeds ends the stack, it has to jump to our line instead.
    sed -i -E -e 's/^(auth +)sufficient( +pam_unix)/\1[success=1 default=ignore]\2/' \
        -e 's/^auth +required( +pam_deny.so.*)/auth requisite\1\nauth required pam_permit.so/' $auth
    echo "auth required pam_ots.so $PAM_ARGUMENTS" >>$auth
    # Fedora's sshd and remote services read password-auth instead.
    echo "password optional pam_ots.so $PAM_ARGUMENTS" >>$password
    echo "session optional pam_ots.so $PAM_ARGUMENTS" >>$session
    if [ -f /etc/pam.d/password-auth ]; then
        cat /etc/pam.d/system-auth >$W/password-auth && cat $W/password-auth >/etc/pam.d/password-auth
    fi
}

world_start_sshd() {
    if [ ! -x /usr/sbin/sshd ]; then
        # The host's build/sshd; a build tree elsewhere does not have one.
        { cp -a $W/tree/build/sshd/usr/. /usr/ && cp -a $W/tree/build/sshd/etc/pam.d/sshd /etc/pam.d/; } ||
            world_die "sshd cannot be put in place"
    fi
    grep -q '^sshd:' /etc/passwd || useradd -r -d /run/sshd -s /usr/sbin/nologin sshd || world_die "no user sshd"
    mkdir -p /etc/ssh
    rm -f /etc/ssh/ssh_host_*
    ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key || world_die "no host key"
    cat >$W/sshd_config <<END
Port $SSH_PORT
ListenAddress 127.0.0.1
HostKey /etc/ssh/ssh_host_ed25519_key
PidFile /run/sshd.pid
UsePAM yes
PasswordAuthentication yes
KbdInteractiveAuthentication yes
PermitRootLogin no
UseDNS no
PrintMotd no
MaxStartups 200
LogLevel VERBOSE
END
    # OpenSSH from 9.8 on lets nobody in for a while who comes from where others were refused; here all come from one place.
    ! /usr/sbin/sshd -t -o PerSourcePenalties=no -f $W/sshd_config 2>/dev/null || echo 'PerSourcePenalties no' >>$W/sshd_config
    /usr/sbin/sshd -f $W/sshd_config >$W/log/sshd 2>&1 || world_die "sshd: $(cat $W/log/sshd)"
    wait_for 120 port_open $SSH_PORT || world_die "sshd does not listen: $(cat $W/log/sshd $W/log/syslog)"
}
