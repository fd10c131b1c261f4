# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What must hold when everything has come to rest, whatever was done before: the account, the ledger, the audit log and the
# server tell one story. Shared by the crash matrix, the matrix of endings and the soak test.

# The state to come back to: keep_shadow once the accounts exist; fresh before each case.
keep_shadow() {
    cp -a /etc/shadow "$W/shadow.orig"
    cp -a /etc/passwd "$W/passwd.orig"
}

fresh() {
    rm -rf $LEDGER /var/log/otsd
    cp -a "$W/shadow.orig" /etc/shadow
    cp -a "$W/passwd.orig" /etc/passwd
    control reset >/dev/null
}

# The named users' lines taken out.
others() { # FILE USER...
    local file=$1 pattern
    shift
    pattern=$(IFS='|'; echo "$*")
    grep -vE "^($pattern):" "$file"
}

last_value() { # FILE NAME
    sed -n "s/^$2=//p" "$1" | tail -n 1
}

whole_shadow() { # USER...: everybody else's line, owner and mode are as they were
    local before after
    before=$(stat -c '%a %u %g' "$W/shadow.orig")
    after=$(stat -c '%a %u %g' /etc/shadow)
    [ "$before" = "$after" ] || { echo "shadow file: $after instead of $before"; return 1; }
    cmp -s <(others "$W/shadow.orig" "$@") <(others /etc/shadow "$@") || { echo "other lines of the shadow file changed"; return 1; }
    [ ! -e /etc/shadow.otsd ] || { echo "/etc/shadow.otsd is left over"; return 1; }
}

# What became of an account's last hand-off is remembered, in whole, where it is over and nothing else is open.
remembered() { # USER...
    local user last file left
    left=$(find $LEDGER/done -name '.*' -type f)
    [ -z "$left" ] || { echo "left over: $left"; return 1; }
    for user; do
        [ ! -e "$LEDGER/pending/$user" ] || continue
        last=$(jq -r --arg u "$user" 'select(.user == $u and .event == "closed" and
            (.reason | IN("password changed", "password login", "deadline", "revoked"))) | .id' $AUDIT 2>/dev/null | tail -n 1)
        [ -n "$last" ] || continue
        for file in "$LEDGER/done/$user".*; do
            [ "$(last_value "$file" id 2>/dev/null)" = "$last" ] || { echo "$user: the end of $last is not remembered"; return 1; }
        done
    done
}

# at_rest USER...: the users that the case was about. CHANGED is a hash that the case set by other means.
at_rest() {
    local user hash left live pending_keys stray dead closed
    whole_shadow "$@" || return 1
    left=$(cd $LEDGER && find issuing claimed aside -type f)
    [ -z "$left" ] || { echo "left over: $left"; return 1; }
    remembered "$@" || return 1
    for user; do
        hash=$(shadow_of "$user" | cut -d: -f2)
        case $hash in
        '!'* | '*' | "${CHANGED:-!}") ;;
        *)
            [ "$(last_value "$LEDGER/pending/$user" hash 2>/dev/null)" = "$hash" ] ||
                { echo "$user has a generated password and no record"; return 1; }
            ;;
        esac
    done
    control secrets >"$W/secrets" || return 1
    live=$(jq -r '.[] | select(.state == "new" or .state == "viewed") | .metadata_key' "$W/secrets" | sort)
    pending_keys=$(for user in "$LEDGER"/pending/*; do
        [ -f "$user" ] && last_value "$user" metadata_key
    done | sort)
    stray=$(comm -23 <(grep . <<<"$live") <(grep . <<<"$pending_keys"))
    [ -z "$stray" ] || { echo "alive and in no record: $stray"; return 1; }
    [ "$(jq '[.[] | select(.times_burned > 1)] | length' "$W/secrets")" = 0 ] || { echo "a secret was burned twice"; return 1; }
    dead=$(comm -23 <(jq -r '.[].metadata_key' "$W/secrets" | sort) <(grep . <<<"$pending_keys") | wc -l)
    closed=$(cat $AUDIT 2>/dev/null | jq -r 'select(.event == "closed") | .id' | sort)
    [ "$(sort -u <<<"$closed")" = "$closed" ] || { echo "two closing lines for one hand-off"; return 1; }
    [ "$(grep -c . <<<"$closed")" = "$dead" ] || { echo "$dead hand-offs over, closing lines: $closed"; return 1; }
}

# A second sweep finds nothing to do.
nothing_to_do() {
    local said
    said=$(otsd-hook sweep --verbose 2>&1) || { echo "the second sweep failed: $said"; return 1; }
    [ -z "$said" ] || { echo "the second sweep did something: $said"; return 1; }
}
