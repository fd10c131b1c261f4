# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Which release of the server a test runs against, of those that the sandbox can be.
#
# Every script that goes into the world (world_enter) runs against one, by turns: chosen by SEED and the script's name, so that one run
# of all scripts covers each release by several of them. make check cannot run each script several times in the time that CI has.
# The weights: the oldest, the documented one of 2025, the newest, and v0.22 and v0.23 together, which behave alike, have two of eight
# parts each. The other three are between these in all that a script sees, and have turns in those that run against several.
# The script prints what it got; SEED=N gives the same again. RELEASES="v0.24.7 v0.20.5" runs it against these, one after the other;
# RELEASES=all, which make check-all takes, against the oldest, the documented one, one of v0.22 and v0.23, and the newest.
# Where a promise depends on the release, the test asks: released before v0.24, released since v0.21.
#
# A script that is about other releases says so in its first lines, as the runner is told of time-outs:
#   # releases: v0.20.5, REASON    this one only
#   # releases: several            those that it starts itself; after releases_choose these are RELEASES: the oldest, the
#                                  documented one, one of v0.22 and v0.23, one of the others, and the newest
#   # releases: none               it starts no server

RELEASES_ALL=(v0.18.5 v0.20.5 v0.21.7 v0.22.10 v0.23.6 v0.24.7 v0.25.11 v0.26.6)
RELEASES_WEIGHED=(v0.18.5 v0.18.5 v0.20.5 v0.20.5 v0.22.10 v0.23.6 v0.26.6 v0.26.6)

# One for every run of this script that is wanted: release names, or "" where the script chooses itself.
releases_of_script() {
    local said
    said=$(head -n 30 "$0" | sed -n 's/^# releases: *\([^ ,]*\).*/\1/p')
    case $said,$0 in
    several,* | none,*) echo '' ;;
    ,*.test) releases_by_turns ;;
    ,*) echo "${RELEASES_ALL[-1]}" ;; # the demo, the measurements
    *) echo "$said" ;;
    esac
}

releases_by_turns() {
    case ${RELEASES:-} in
    '') releases_one_of "$SEED${0##*/}" "${RELEASES_WEIGHED[@]}" ;;
    all) printf '%s\n' v0.18.5 v0.20.5 "$(releases_one_of "$SEED" v0.22.10 v0.23.6)" v0.26.6 ;;
    *) tr ' ' '\n' <<<"$RELEASES" ;;
    esac
}

releases_choose() {
    local name some asked=${RELEASES:-}
    if [ "$asked" = all ]; then
        RELEASES=("${RELEASES_ALL[@]}")
    elif [ -n "$asked" ]; then
        read -ra RELEASES <<<"$asked"
    else
        some="v0.18.5 v0.20.5 $(releases_one_of "$SEED" v0.22.10 v0.23.6) $(releases_one_of "$SEED" v0.21.7 v0.24.7 v0.25.11) v0.26.6"
        RELEASES=()
        for name in "${RELEASES_ALL[@]}"; do
            [[ " $some " != *" $name "* ]] || RELEASES+=("$name")
        done
    fi
    note "releases: ${RELEASES[*]} (SEED=$SEED)"
}

releases_one_of() { # SEED NAME...
    local sum
    sum=$(cksum <<<"$1")
    shift
    echo "${@:${sum%% *} % $# + 1:1}"
}

# Is the sandbox that was started last of a release before, or since, that one?
released() { # before|since v0.N
    local minor=${SANDBOX_RELEASE#v0.}
    case $1 in
    before) [ "${minor%%.*}" -lt "${2#v0.}" ] ;;
    since) [ "${minor%%.*}" -ge "${2#v0.}" ] ;;
    *) world_die "released: what is $1?" ;;
    esac
}
