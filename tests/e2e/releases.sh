# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Which releases of the server a test is about, of those that the sandbox can be: the oldest, the documented one of 2025, one of the two
# whose list is broken, the newest, and one of the others. The choice is made by turns (SEED=N, printed, for the same again;
# RELEASES="v0.24.7 …" for others, RELEASES=all for all, which make check-all takes). Before world_enter:
#
#   releases_arguments "$@"; set -- "${ARGUMENTS[@]}"
#
# and behind it releases_choose "$@", which sets RELEASES to the list of names, oldest first.

RELEASES_ALL=(v0.18.5 v0.20.5 v0.21.7 v0.22.10 v0.23.6 v0.24.7 v0.25.11 v0.26.6)

# The world has no environment of its caller's.
releases_arguments() {
    ARGUMENTS=("$@")
    [ $# -gt 0 ] || ARGUMENTS=("${RELEASES:-}" "${SEED:-$((10#$(date +%N) / 1000))}")
}

releases_choose() { # RELEASES SEED
    local name some
    if [ "$1" = all ]; then
        RELEASES=("${RELEASES_ALL[@]}")
    elif [ -n "$1" ]; then
        read -ra RELEASES <<<"$1"
    else
        some="v0.18.5 v0.20.5 $(releases_one_of "$2" v0.22.10 v0.23.6) $(releases_one_of "$2" v0.21.7 v0.24.7 v0.25.11) v0.26.6"
        RELEASES=()
        for name in "${RELEASES_ALL[@]}"; do
            [[ " $some " != *" $name "* ]] || RELEASES+=("$name")
        done
    fi
    note "releases: ${RELEASES[*]} (SEED=$2)"
}

releases_one_of() { # SEED NAME...
    shuf -n 1 --random-source=<(yes "$1") -e "${@:2}"
}
