# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# TAP for the end-to-end tests, which are bash. A check never ends the script: the next promise is looked at, too.
# A script that dies half-way has printed no plan, which the runner counts as a failure.

tap_count=0
tap_failed=0

# check PROMISE COMMAND...: the promise is kept where the command succeeds; what it printed is shown where not.
check() {
    local tap_promise=$1 tap_said tap_status=0
    shift
    tap_count=$((tap_count + 1))
    tap_said=$("$@" 2>&1) || tap_status=$?
    if [ "$tap_status" -eq 0 ]; then
        echo "ok $tap_count - $tap_promise"
        return 0
    fi
    tap_failed=$((tap_failed + 1))
    echo "not ok $tap_count - $tap_promise"
    printf '%s\n' "status $tap_status of: $*" "$tap_said" | tr -d '\r' | sed 's/^/#   /'
    return 0
}

# is GOT WANTED, like TEXT REGEX, unlike TEXT REGEX: for use with check.
is() { # GOT WANTED
    [ "$1" = "$2" ] || { printf 'got:    %s\nwanted: %s\n' "$1" "$2"; return 1; }
}
like() {
    grep -qE -e "$2" <<<"$1" || { printf 'in:     %s\nwanted: %s\n' "$1" "$2"; return 1; }
}
unlike() {
    ! grep -qE -e "$2" <<<"$1" || { printf 'in:     %s\nunwanted: %s\n' "$1" "$2"; return 1; }
}

note() {
    printf '# %s\n' "$*"
}

# all_of 'COMMAND ARGS' ...: one promise that takes several looks, each a line of shell.
all_of() {
    local tap_look
    for tap_look; do
        eval "$tap_look" || { echo "did not hold: $tap_look"; return 1; }
    done
}

tap_end() {
    echo "1..$tap_count"
    [ "$tap_failed" -eq 0 ] || exit 1
    exit 0
}
