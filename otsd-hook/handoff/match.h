/* SPDX-License-Identifier: MIT
 *
 * Which of the server's unread secrets did an interrupted intent leave? Decisions only: the caller provides everything.
 *
 * A secret looks like an intent's where ttl, masked recipient and time fit. The ttl is the mark: it has to be just what
 * was asked for, and none of the values to which a server clamps, for those are everybody's. What a clamp has robbed of
 * its mark cannot be told from the live secret of another host that uses the same account, and is left to expire. Where
 * the list does not say what was granted, nobody can tell anything, and it is looked at again.
 *
 * Two more things are no orphans, however well they fit:
 *
 *  - what a provision that is under way in another process asked for in just the same way: its answer may be on its
 *    way;
 *  - secrets of which there are more than intents that could own them: another host that uses the same account on the
 *    server made some of them. To burn one of its secrets locks somebody out; to leave an orphan harms nobody, for no
 *    account has its password.
 *
 * Our clock and the server's differ. The secrets that are both in its list and in the ledger show by how much, except
 * for the time that each of these requests took. All times are seconds.
 */
#ifndef OTSD_HOOK_MATCH_H
#define OTSD_HOOK_MATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An unread secret on the server that no record knows. */
typedef struct stray {
    char *key;
    char *recipient; /* masked; NULL: none */
    int64_t ttl;     /* as granted; -1: not told */
    int64_t created;
    bool known; /* in the ledger, or given already */
} stray;

/* What a provision asked for. */
typedef struct intent {
    const char *user;
    const char *recipient; /* "": none */
    int64_t ttl_asked, created;
    bool under_way; /* in another process */
} intent;

/* The time from our asking to the server's time of creation lies between these, as far as was seen. */
typedef struct clock_gap {
    bool known;
    int64_t earliest, latest;
} clock_gap;

/* One more that both list and ledger have: ours is from before its request was sent. */
void clock_gap_note(clock_gap *g, int64_t ours, int64_t servers);

typedef struct match_input {
    stray *strays;
    size_t strays_len;
    const intent *others; /* intents without a key, that of `ours` among them or not */
    size_t others_len;
    clock_gap gap;
    int64_t ceiling; /* the longest ttl that this server was seen to grant; 0: not known */
} match_input;

typedef struct match_result {
    stray *found;   /* NULL: there is none */
    bool unclear;   /* there is one that may belong to a provision under way, or whose ttl is not told */
    bool ambiguous; /* there are some that may be ours, and another host's as well */
} match_result;

/* Might it be this intent's, whatever the clocks say? What cannot is none that match_find looks at. */
bool match_may_be(const stray *s, const intent *i, int64_t ceiling);
/* settling: how long a request may take. */
match_result match_find(const match_input *in, const intent *ours, int64_t settling);

/* The ttl to ask for, which is the mark: less by up to 899 seconds, and an eighth, than what is wanted, or than what
 * this server grants at most (ceiling, as above), and none that it grants whatever is asked for. random: any number. */
int64_t match_ttl(int64_t wanted, int64_t ceiling, uint32_t random);

#endif
