/* SPDX-License-Identifier: MIT
 *
 * What each release of the server does: one row of traits for each, and no other place in the sandbox knows a release.
 */
#ifndef SANDBOX_RELEASE_H
#define SANDBOX_RELEASE_H

#include "limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cookie_habit { COOKIE_AT_V2_STATUS, COOKIE_ALWAYS, COOKIE_NEVER };
enum body_habit {
    BODY_FORM,      /* a form or nothing; JSON is not read */
    BODY_FORM_JSON, /* JSON as well; other types are not read */
    BODY_ANYTHING   /* what is neither is read as a form */
};
enum v3_habit { V3_HOME, V3_MISSING_PAGE, V3_STATUS }; /* paths under /api/v3 */
enum recipient_habit {
    RECIPIENT_SEARCHED, /* the first thing in the text that looks like an address; without any none, in silence */
    RECIPIENT_SIFTED,   /* likewise, after tags and case are gone */
    RECIPIENT_STRICT    /* what is none is refused */
};
enum mask_habit { MASK_FIVE, MASK_THREE, MASK_THREE_ASCII }; /* stars; the last shows other addresses in the clear */
enum list_habit { LIST_NEWEST_FIRST, LIST_BROKEN, LIST_OLDEST_FIRST };
enum too_long { TOO_LONG_CUT, TOO_LONG_CHARACTERS, TOO_LONG_BYTES }; /* cut in silence, or refused as counted so */

struct release {
    const char *name;

    /* The web server. */
    bool thin; /* its headers: those of thin, or those of a framework with a security policy */
    bool strict_transport;
    bool csrf_at_status;
    enum cookie_habit cookies;
    bool cookie_is_login; /* a session cookie is taken for a log-in of the web pages */
    unsigned idle_seconds;
    enum body_habit body;
    bool json_numbers_are_text;
    unsigned malformed_form; /* status */
    bool malformed_path_is_error;
    bool forgives_slashes; /* empty parts of a path */
    bool forgives_keys;    /* blanks behind a key, and a parameter that replaces it */
    bool receipt_word;     /* /receipt beside /private and /metadata, and a burn under each */
    bool create_is_share;
    bool intended_status; /* the header that says what the 404 stands for */
    enum v3_habit v3;
    bool v2_success; /* status of version 2 says so */
    bool v2_list;    /* version 2 lists as well, in a shape of its own */
    bool v2_memo;    /* a member of that list */

    /* Receipts. */
    bool named_twice;      /* newer names beside the older ones */
    bool custid_is_caller; /* not the owner */
    size_t key_length, shortest_key, shortkey;
    bool looks_are_views;     /* a fetched receipt, and a generated secret, are "viewed" */
    bool shows_shared;        /* the first receipt of a shared secret carries the value; else that of a generated one */
    bool notices_expiry;      /* else an expired secret keeps its state and its key */
    bool orphaned_by_name;    /* else an orphan keeps its state */
    bool forgets_key_of_dead; /* secret_key is "" of expired and orphaned ones */
    enum list_habit list;

    /* What is granted. */
    int64_t ttl_floor, ttl_floored; /* below the one it becomes the other */
    int64_t ttl_account, ttl_anonymous;
    bool no_ttl_is_longest;     /* none, 0 and text: all there is; else seven days, and the floor */
    size_t passphrase_min;      /* 0: any */
    size_t passphrase_compared; /* bytes; 0: all */
    bool passphrase_locks;
    const char *alphabet; /* of generated values */
    bool length_heeded;
    size_t length_max; /* 0: any */
    enum too_long too_long;
    bool text_is_cleaned; /* without NUL, U+FFFD for what is not UTF-8; else that is never read back */
    enum recipient_habit recipient;
    enum mask_habit mask;
    bool mail_inside; /* the answer waits for the mail relay */

    /* Refusals. */
    bool shrimp;               /* beside refusals */
    bool shrimp_at_unexpected; /* and beside "An unexpected error" */
    const char *limited;
    const char *domain_anonymous, *domain_account; /* what the refused name is added to */
    bool domain_is_unexpected;
    bool wrong_burn_is_unexpected;
    unsigned allowed[LIMIT_COUNT]; /* in twenty minutes; 0: any */
};

/* "old" and "new" are two of them. NULL where there is no such release. */
const struct release *release_find(const char *name);

#endif
