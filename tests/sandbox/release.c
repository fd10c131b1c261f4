/* SPDX-License-Identifier: MIT
 *
 * The table: measured on real servers, each row held to its recordings by tests/conformance/replay.c. What all releases
 * up to a point have in common stands in one macro.
 */
#include "release.h"

#include <string.h>

#define DAY 86400
#define LETTERS_OLD "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz23456789*$!?("
#define LETTERS_NEW "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz23456789!\"#$%&'()*+,-./:;<=>?@[]^_`{|}~"

/* v0.18 to v0.23. */
#define THIN                                                                                                           \
    .thin = true, .cookies = COOKIE_AT_V2_STATUS, .cookie_is_login = true, .idle_seconds = 30, .body = BODY_FORM,      \
    .malformed_form = 500, .key_length = 31, .shortkey = 6, .looks_are_views = true, .shows_shared = true,             \
    .ttl_account = 14 * DAY, .ttl_anonymous = 7 * DAY, .passphrase_compared = 72, .too_long = TOO_LONG_CUT,            \
    .recipient = RECIPIENT_SEARCHED, .mask = MASK_FIVE, .mail_inside = true, .shrimp = true,                           \
    .limited = "Cripes! You have been rate limited.", .allowed[LIMIT_CREATE] = 1000,                                   \
    .allowed[LIMIT_CREATE_ACCOUNT] = 1000, .allowed[LIMIT_PASSPHRASE] = 5, .allowed[LIMIT_MAIL] = 50
/* v0.20 to v0.23. */
#define THIN_20                                                                                                        \
    THIN, .v3 = V3_MISSING_PAGE, .notices_expiry = true, .forgets_key_of_dead = true, .shrimp_at_unexpected = true,    \
          .domain_anonymous = "Unknown domain: ", .domain_account = "Unknown domain: ", .allowed[LIMIT_BURN] = 10
/* v0.21 to v0.23. */
#define THIN_21                                                                                                        \
    THIN_20, .ttl_floor = 60, .ttl_floored = 60, .list = LIST_BROKEN, .v2_list = true, .text_is_cleaned = true
/* v0.22 and v0.23. */
#define THIN_22 THIN_21, .alphabet = LETTERS_NEW, .length_heeded = true, .passphrase_min = 8
/* v0.24 to v0.26. */
#define PUMA                                                                                                           \
    .idle_seconds = 65, .malformed_form = 400, .malformed_path_is_error = true, .receipt_word = true,                  \
    .create_is_share = true, .intended_status = true, .v3 = V3_STATUS, .v2_success = true, .named_twice = true,        \
    .custid_is_caller = true, .key_length = 62, .shortest_key = 20, .shortkey = 8, .notices_expiry = true,             \
    .orphaned_by_name = true, .forgets_key_of_dead = true, .list = LIST_OLDEST_FIRST, .ttl_floor = 60,                 \
    .ttl_floored = 60, .ttl_account = 30 * DAY, .passphrase_min = 4, .alphabet = LETTERS_NEW, .length_heeded = true,   \
    .limited = "Rate limit exceeded. Please try again later.", .allowed[LIMIT_CREATE] = 1000
/* v0.24 and v0.25. */
#define PUMA_24                                                                                                        \
    PUMA, .csrf_at_status = true, .cookies = COOKIE_ALWAYS, .looks_are_views = true, .shows_shared = true,             \
          .ttl_anonymous = 30 * DAY, .too_long = TOO_LONG_CHARACTERS
#define NO_PERMISSION "You do not have permission to use domain: "

static const struct release releases[] = {
    {.name = "v0.18.5",
     THIN,
     .v3 = V3_HOME,
     .create_is_share = true,
     .list = LIST_NEWEST_FIRST,
     .ttl_floor = 60,
     .ttl_floored = 300,
     .no_ttl_is_longest = true,
     .alphabet = LETTERS_OLD,
     .domain_anonymous = "Domain not found ",
     .domain_account = "Domain not found ",
     .domain_is_unexpected = true,
     .wrong_burn_is_unexpected = true,
     .allowed[LIMIT_STATUS] = 25},
    {.name = "v0.20.5",
     THIN_20,
     .list = LIST_NEWEST_FIRST,
     .ttl_floor = 300,
     .ttl_floored = 300,
     .alphabet = LETTERS_OLD,
     .allowed[LIMIT_STATUS] = 25},
    {.name = "v0.21.7", THIN_21, .alphabet = LETTERS_OLD},
    {.name = "v0.22.10", THIN_22},
    {.name = "v0.23.6", THIN_22, .v2_memo = true},
    {.name = "v0.24.7",
     PUMA_24,
     .body = BODY_FORM_JSON,
     .recipient = RECIPIENT_SIFTED,
     .mask = MASK_THREE,
     .domain_anonymous = "Unknown domain: ",
     .domain_account = "Unknown domain: "},
    {.name = "v0.25.11",
     PUMA_24,
     .body = BODY_ANYTHING,
     .recipient = RECIPIENT_STRICT,
     .mask = MASK_THREE_ASCII,
     .domain_anonymous = NO_PERMISSION,
     .domain_account = "Unknown domain: "},
    {.name = "v0.26.6",
     PUMA,
     .strict_transport = true,
     .cookies = COOKIE_NEVER,
     .body = BODY_ANYTHING,
     .json_numbers_are_text = true,
     .forgives_slashes = true,
     .forgives_keys = true,
     .ttl_anonymous = 7 * DAY,
     .passphrase_locks = true,
     .length_max = 128,
     .too_long = TOO_LONG_BYTES,
     .recipient = RECIPIENT_STRICT,
     .mask = MASK_THREE,
     .domain_anonymous = NO_PERMISSION,
     .domain_account = "Unknown domain: "},
};

const struct release *release_find(const char *name) {
    const char *wanted = strcmp(name, "old") == 0 ? "v0.20.5" : strcmp(name, "new") == 0 ? "v0.26.6" : name;

    for (size_t i = 0; i < sizeof releases / sizeof releases[0]; i++) {
        if (strcmp(releases[i].name, wanted) == 0)
            return &releases[i];
    }
    return NULL;
}
