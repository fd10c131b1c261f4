/* SPDX-License-Identifier: MIT
 *
 * A hand-off's record as it stands in the ledger, and a second one, which the first is brought to by an append.
 *
 *   id=0123456789abcdef
 *   user=alice
 *   =====
 *   id=...
 */
#include <stdlib.h>
#include <string.h>

#include "core/core.h"
#include "fuzz.h"
#include "ledger/record.h"
#include "ledger/told.h"

static const clock_moment moments[] = {
    {0, 0, ""},
    {1800000000, 1000, "6f1a1f0c-1111-4222-8333-444455556666"},
    {1800000000, 0, "6f1a1f0c-1111-4222-8333-444455556666"},
};

static void holds(const record *r, size_t used, size_t len) {
    HOLDS(used <= len);
    HOLDS(strlen(r->id) == 16 && !user_name_fault(r->user) && is_printable(r->user));
    HOLDS(strlen(r->user) <= USER_MAX && strlen(r->renamed) <= USER_MAX && strlen(r->hash) < sizeof r->hash);
    HOLDS(reason_word((reason)r->reason) && reason_told((reason)r->reason) && outcome_told((outcome)r->outcome));
    HOLDS(reason_of(reason_word((reason)r->reason)) == (reason)r->reason);
    HOLDS(outcome_of(outcome_word((outcome)r->outcome)) == (outcome)r->outcome);
    for (size_t i = 0; i < sizeof moments / sizeof moments[0]; i++) {
        HOLDS(record_age(r, &moments[i]) >= -1);
        HOLDS(record_over(r, &moments[i]) >= OTSD_UNKNOWN);
    }
}

/* Written in full and read again it is the same, in that nothing differs. */
static void comes_back(const record *r) {
    static char text[RECORD_MAX + 1], rest[64];
    size_t len = record_format(r, NULL, text, sizeof text), used = 0;
    record again;
    problem p;

    HOLDS(len > 0 && len < RECORD_MAX && text[len - 1] == '\n');
    for (size_t i = 0; i < len; i++)
        HOLDS(text[i] == '\n' || (text[i] >= ' ' && text[i] <= '~'));
    HOLDS(record_parse(&again, text, len, &used, &p) == EX_OK && used == len);
    HOLDS(record_format(&again, r, rest, sizeof rest) == 0 && record_format(r, &again, rest, sizeof rest) == 0);
    /* A crash can tear the last line only: what is left is the same file without it. */
    HOLDS(record_parse(&again, text, len - 1, &used, &p) != EX_OK || used < len - 1);
}

/* What one append of the difference makes of the first is the second. */
static void is_brought_to(const record *first, const record *second) {
    static char text[2 * RECORD_MAX], rest[64];
    size_t len = record_format(first, NULL, text, RECORD_MAX), used = 0;
    record both;
    problem p;

    len += record_format(second, first, text + len, RECORD_MAX);
    HOLDS(record_parse(&both, text, len, &used, &p) == EX_OK && used == len);
    HOLDS(record_format(&both, second, rest, sizeof rest) == 0);
}

static bool take(record *r, piece text) {
    char *exact = malloc(text.len > 0 ? text.len : 1);
    size_t used = 0;
    problem p;
    int rc;

    HOLDS(exact);
    if (text.len > 0)
        memcpy(exact, text.text, text.len);
    rc = record_parse(r, exact, text.len, &used, &p);
    free(exact);
    HOLDS(p.code == rc && (rc == EX_OK ? !p.text[0] : rc == EX_DATAERR && p.text[0] && is_printable(p.text)));
    if (rc != EX_OK)
        return false;
    holds(r, used, text.len);
    comes_back(r);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
    piece rest = {(const char *)data, len}, text;
    record first, second;

    (void)piece_next(&rest, &text);
    if (take(&first, text) && piece_next(&rest, &text) && take(&second, text))
        is_brought_to(&first, &second);
    return 0;
}
