/* SPDX-License-Identifier: MIT
 *
 * Lines "MOST WINDOW OPENED BURNED UNTIL SEEN SERVER ACCOUNT" in a file that is put in place as a whole.
 */
#include "ledger/burns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/notes.h"

#define NAME "burns"
#define NUMBERS 6
#define LINE_MAX_LEN 700
#define TEXT_MAX (BURNS_ACCOUNTS * LINE_MAX_LEN)
#define COUNT_SANE 1000000

/* The numbers of a line; what stands behind them, or NULL where it is none of ours. */
static const char *numbers_of(const char *line, long long n[NUMBERS]) {
    for (size_t i = 0; i < NUMBERS; i++) {
        char *end;

        n[i] = strtoll(line, &end, 10);
        if (end == line || *end != ' ')
            return NULL;
        line = end + 1;
    }
    return line;
}

/* A number that was not written by us must not be one that cannot be reckoned with. */
static bool is_plausible(const burn_pace *p, int64_t now) {
    return p->most >= 0 && p->most <= COUNT_SANE && p->window > 0 && p->window <= BURNS_MEMORY && p->opened >= 0 &&
           p->opened <= now && p->burned >= 0 && p->burned <= COUNT_SANE && p->until >= 0 &&
           p->until <= now + BURNS_MEMORY && p->seen > 0 && p->seen <= now && now - p->seen < BURNS_MEMORY;
}

void burns_known(const ledger *l, const char *server, const char *account, int64_t now, burn_pace *out) {
    char text[TEXT_MAX];

    memset(out, 0, sizeof *out);
    notes_read(l, NAME, text, sizeof text);
    for (const char *line = text; *line; line = strchr(line, '\n') + 1) {
        long long n[NUMBERS];
        const char *who = numbers_of(line, n);

        if (!who || !notes_is_of(who, server, account))
            continue;
        *out = (burn_pace){n[0], n[1], n[2], n[3], n[4], n[5]};
        if (!is_plausible(out, now))
            memset(out, 0, sizeof *out);
        return;
    }
}

/* Behind the line that is in out already, those of others, as far as there is room. */
static size_t keep_others(char *out, size_t len, const char *text, const char *server, const char *account) {
    size_t lines = 1;

    for (const char *line = text, *next; *line && lines < BURNS_ACCOUNTS; line = next) {
        long long n[NUMBERS];
        const char *who = numbers_of(line, n);

        next = strchr(line, '\n') + 1;
        if (!who || notes_is_of(who, server, account) || (size_t)(next - line) >= TEXT_MAX - len)
            continue;
        memcpy(out + len, line, (size_t)(next - line));
        len += (size_t)(next - line);
        lines++;
    }
    return len;
}

void burns_note(const ledger *l, const char *server, const char *account, const burn_pace *p) {
    char text[TEXT_MAX], out[TEXT_MAX];
    int len =
        snprintf(out, LINE_MAX_LEN, "%lld %lld %lld %lld %lld %lld %s %s\n", (long long)p->most, (long long)p->window,
                 (long long)p->opened, (long long)p->burned, (long long)p->until, (long long)p->seen, server, account);

    if (len < 0 || len >= LINE_MAX_LEN)
        return;
    notes_read(l, NAME, text, sizeof text);
    (void)notes_put(l, NAME, out, keep_others(out, (size_t)len, text, server, account));
}
