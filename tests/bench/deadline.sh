#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What a server and a resolver that never answer, and a helper that never ends, cost a first login, beside the deadline that they are given; each after a login of
# the same kind without a hand-off, which is taken off. And the login after it, beside one without a hand-off.

# shellcheck source=tests/bench/lab.sh
. "$(dirname "$0")/lab.sh"
lab_enter "$@"
# shellcheck source=tests/e2e/act.sh
. "$TOP/tests/e2e/act.sh"
# shellcheck source=tests/e2e/hang.sh
. "$TOP/tests/e2e/hang.sh"
DEADLINE=3000

took() { # COMMAND...: milliseconds
    local start
    start=$(milliseconds)
    "$@" >$W/log/login 3>&- || world_die "a login fails: $(cat $W/log/login)"
    echo $(($(milliseconds) - start))
}

usual() { # KIND USER
    user_add "$2" && set_password "$2" Start-here.17
    [ "$1" != change ] || chage -d 0 "$2"
    took "login_$1" "$2" Start-here.17
}

measure() { # MANNER KIND USER
    local plain
    plain=$(usual "$2" "u$3") || exit
    echo "$plain" >>"$T/usual_$2"
    hand_over "$3"
    "$1"
    echo $(($(took "login_$2" "$3" "$VALUE") - plain)) >>"$T/$1_$2"
    "un_$1"
    [ "$1$2" != server_hangsplain ] || took login_plain "$3" "$VALUE" >>$T/next
}

# With a descriptor 3 that the daemons do not keep.
world_up must_change=false 3>&-
mkdir -p $T
runs=3
[ "$scale" != quick ] || runs=1
for n in $(seq $runs); do
    for kind in plain change; do
        world_configure "$([ $kind = change ] && echo true || echo false)" ''
        measure server_hangs $kind "s$kind$n"
        measure resolver_hangs $kind "r$kind$n"
        measure helper_hangs $kind "h$kind$n"
    done
done
echo $DEADLINE >$T/deadline
heading "A first login meanwhile, the same without a hand-off taken off (medians of $runs runs in turn)"
for kind in plain change; do
    figure "login_server_hangs_$kind" server_hangs_$kind "the server never answers, $kind login" deadline "its deadline" ms '<=' 1.1
    figure "login_resolver_hangs_$kind" resolver_hangs_$kind "the resolver never answers, $kind login" deadline "its deadline" ms '<=' 1.1
    figure "login_helper_hangs_$kind" helper_hangs_$kind "the helper never ends, $kind login" deadline "its deadline" ms '<=' 1.1
done
figure login_next next "the login after it, the record still waiting" usual_plain "one without a hand-off" ms '<=' 1.3
