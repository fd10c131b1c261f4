# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Many accounts at once, for the tests and measurements of batches: crowd00001, crowd00002, … as useradd would leave them, written by
# awk because useradd takes 30 ms for each.

crowd_add() { # FROM TO
    world_guard
    awk -v from="$1" -v to="$2" 'BEGIN {
        for (i = from; i <= to; i++) {
            user = sprintf("crowd%05d", i)
            print user ":x:" 1000 + i % 50000 ":100::/nonexistent:/bin/sh" >>"/etc/passwd"
            print user ":!:19000:0:99999:7:::" >>"/etc/shadow"
        }
    }'
}

crowd_roster() { # FROM TO: prints it
    awk -v from="$1" -v to="$2" 'BEGIN {
        print "user,recipient"
        for (i = from; i <= to; i++)
            printf "crowd%05d,crowd%05d@example.com\n", i, i
    }'
}

# A hash that costs next to nothing, so that the rest shows.
crowd_cheap_hash() {
    printf 'password = { hash = "sha512crypt"; rounds = 1000L; };\n' >>/etc/otsd/otsd.conf
}

# The last value of a field in every record of a state: FILE VALUE.
crowd_values() { # STATE FIELD
    find "$LEDGER/$1" -type f -print0 | xargs -0 -r awk -v field="$2=" \
        'index($0, field) == 1 { v[FILENAME] = substr($0, length(field) + 1) }
         END { for (f in v) { n = f; sub(/.*\//, "", n); print n, v[f] } }' | sort
}

# The lines of both commands, sorted, are the same; what differs is shown, with what is known of a live secret there.
crowd_same() { # WHAT FILE FILE
    local differs
    differs=$(diff "$2" "$3" | grep '^[<>]' | head -n 12)
    [ -n "$differs" ] || return 0
    printf '%s:\n%s\n' "$1" "$differs"
    jq -c --arg keys "$differs" '.[] | select(.metadata_key as $k | $keys | contains($k))' "$W/secrets" 2>/dev/null
    tail -n 12 "$W/err" 2>/dev/null
    return 1
}

# Everybody in the roster has exactly one open hand-off, whose password is the account's and whose secret is the only live one; nobody
# was given a password twice; nothing else is left anywhere.
crowd_is_handed_over() { # ROSTER
    local users
    users=$(tail -n +2 "$1" | cut -d, -f1 | sort)
    is "$(find $LEDGER/issuing $LEDGER/claimed $LEDGER/aside -type f)" '' || return 1
    crowd_same "pending/ is not the roster" <(echo "$users") <(find $LEDGER/pending -type f -printf '%f\n' | sort) || return 1
    crowd_same "passwords and records differ" <(crowd_values pending hash) \
        <(awk -F: '/^crowd/ && $2 != "!" { print $1, $2 }' /etc/shadow | sort) || return 1
    is "$(awk -F: '/^crowd/ && $2 != "!" && $3 != 0 { print $1 }' /etc/shadow)" '' || return 1
    control secrets >"$W/secrets" || return 1
    crowd_same "records and live secrets differ" <(crowd_values pending metadata_key | cut -d' ' -f2 | sort) \
        <(jq -r '.[] | select(.state == "new" or .state == "viewed") | .metadata_key' "$W/secrets" | sort) || return 1
    is "$(jq '[.[] | select(.times_burned > 1)] | length' "$W/secrets")" 0 || return 1
    crowd_same "not everybody was issued one hand-off and no more" <(echo "$users") \
        <(jq -r 'select(.event == "issued") | .user' $AUDIT | sort)
}
