/* SPDX-License-Identifier: MIT
 *
 * The file: lines of one length, the first for what is in hand, the others for suspects. A line that is not what this
 * file writes stands for nothing. Nothing is synced: what a power cut takes back is no death that has to be counted.
 */
#include "ledger/suspects.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"
#include "ledger/store.h"

#define FILE_NAME "in-hand"
#define LINE 256
#define LINES (1 + SUSPECTS_MOST)

/* "pending/alice 2" and blanks. */
static void write_line(char *line, const suspect *s) {
    int n = s ? snprintf(line, LINE, "%s/%s %u", ledger_state_name(s->state), s->name, s->deaths) : 0;

    memset(line + n, ' ', (size_t)(LINE - 1 - n)); /* the longest name leaves room */
    line[LINE - 1] = '\n';
}

static bool is_name(const char *name) {
    return name[0] != '\0' && name[0] != '.' && !strpbrk(name, "/ \n") && strlen(name) < sizeof((suspect *)0)->name;
}

static bool read_line(const char *line, suspect *out) {
    char text[LINE], *name, *number, *end;

    memcpy(text, line, LINE - 1);
    text[LINE - 1] = '\0';
    name = strchr(text, '/');
    number = name ? strchr(name, ' ') : NULL;
    if (!number || strlen(text) != LINE - 1)
        return false;
    *name++ = *number++ = '\0';
    errno = 0;
    out->deaths = (unsigned)strtoul(number, &end, 10);
    if (end == number || errno != 0 || out->deaths > 1000 || end[strspn(end, " ")] != '\0' || !is_name(name))
        return false;
    snprintf(out->name, sizeof out->name, "%s", name);
    for (out->state = LEDGER_ISSUING; out->state < LEDGER_ASIDE; out->state++)
        if (strcmp(text, ledger_state_name(out->state)) == 0)
            return true;
    return false;
}

static suspect *find(suspects *s, ledger_state state, const char *name) {
    for (size_t i = 0; i < s->len; i++)
        if (s->all[i].state == state && strcmp(s->all[i].name, name) == 0)
            return &s->all[i];
    return NULL;
}

/* The place of the one that killed least, where there is no other. */
static suspect *place(suspects *s) {
    suspect *least = &s->all[0];

    if (s->len < SUSPECTS_MOST)
        return &s->all[s->len++];
    for (size_t i = 1; i < s->len; i++)
        if (s->all[i].deaths < least->deaths)
            least = &s->all[i];
    return least;
}

static void count_death(suspects *s, const suspect *dead) {
    suspect *known = find(s, dead->state, dead->name);

    if (!known) {
        known = place(s);
        *known = *dead;
        known->deaths = 0;
    }
    known->deaths++;
}

static void read_all(suspects *s) {
    char text[LINES * LINE + 1];
    suspect in_hand;
    ssize_t n = file_pread(s->fd, text, sizeof text - 1, 0);

    s->len = 0;
    for (ssize_t at = LINE; at + LINE <= n; at += LINE)
        if (read_line(text + at, &s->all[s->len]) && s->all[s->len].deaths > 0)
            s->len++;
    if (n >= LINE && read_line(text, &in_hand))
        count_death(s, &in_hand);
}

static void write_all(const suspects *s) {
    char text[LINES * LINE];

    write_line(text, NULL);
    for (size_t i = 0; i < SUSPECTS_MOST; i++)
        write_line(text + (i + 1) * LINE, i < s->len ? &s->all[i] : NULL);
    (void)file_write(s->fd, text, sizeof text, 0, NULL); /* there are no suspects then */
}

static bool open_file(suspects *s, const ledger *l, int flags) {
    const file_wanted wanted = {.type = S_IFREG, .owner = FILE_OF_ROOT, .forbidden = 077};
    file_found f;

    memset(s, 0, sizeof *s);
    s->fd = file_open(l->root, FILE_NAME, flags, &wanted, &f) == FILE_GOOD ? f.fd : -1;
    return s->fd >= 0;
}

void suspects_open(suspects *s, const ledger *l) {
    if (!open_file(s, l, O_RDWR | O_CREAT))
        return;
    s->ours = file_flock(s->fd, LOCK_EX | LOCK_NB) == 0;
    read_all(s);
    if (s->ours)
        write_all(s);
}

void suspects_peek(suspects *s, const ledger *l) {
    if (!open_file(s, l, O_RDONLY))
        return;
    read_all(s);
    suspects_close(s);
}

void suspects_close(suspects *s) {
    if (s->fd >= 0)
        (void)close(s->fd); /* nothing is lost that has to be kept */
    s->fd = -1;
    s->ours = false;
}

unsigned suspects_deaths(const suspects *s, ledger_state state, const char *name) {
    for (size_t i = 0; i < s->len; i++)
        if (s->all[i].state == state && strcmp(s->all[i].name, name) == 0)
            return s->all[i].deaths;
    return 0;
}

static void write_hand(const suspects *s, const suspect *in_hand) {
    char line[LINE];

    if (!s->ours)
        return;
    write_line(line, in_hand);
    (void)file_write(s->fd, line, sizeof line, 0, NULL); /* likewise */
}

void suspects_take(const suspects *s, ledger_state state, const char *name) {
    suspect in_hand = {.state = state};

    snprintf(in_hand.name, sizeof in_hand.name, "%s", name);
    write_hand(s, &in_hand);
}

void suspects_drop(const suspects *s) {
    write_hand(s, NULL);
}

void suspects_clear(suspects *s, ledger_state state, const char *name) {
    suspect *known = find(s, state, name);

    if (!known || !s->ours)
        return;
    *known = s->all[--s->len];
    write_all(s);
}
