/* SPDX-License-Identifier: MIT
 *
 * The audit log as it is found, the one before the last rotation, and a line that is written to it.
 *
 *   {"time":"...","event":"issued",...     the log; where it ends with "~" its last line is torn there
 *   =====
 *   {"time":"...","event":"closed",...     the one before
 *   =====
 *   id=0123456789abcdef                    a record, as in the ledger
 */
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "answer/answer.h"
#include "fuzz.h"
#include "ledger/audit.h"

/* Its folder is there, and nothing is made in it. */
#define LOG "/proc/self/audit.log"

static bool says(struct json_object *json, const char *name, const char *text) {
    struct json_object *m;

    return json_object_object_get_ex(json, name, &m) && json_object_is_type(m, json_type_string) &&
           strcmp(json_object_get_string(m), text) == 0;
}

/* Is it a line as this program writes it, without the blanks that others put between the members? */
static bool is_ours(piece line) {
    static const char begin[] = "{\"time\":\"";
    bool inside = false;

    if (line.len < sizeof begin || memcmp(line.text, begin, sizeof begin - 1) != 0)
        return false;
    for (size_t i = 0; i < line.len; i++) {
        inside = (line.text[i] == '"') != inside;
        if (line.text[i] == '\\' || (!inside && line.text[i] == ' '))
            return false;
    }
    return true;
}

/* Does it say so in a whole line of ours? */
static bool tells(piece log, const char *event, const char *id) {
    bool found = false;

    while (log.len > 0 && !found) {
        piece line = piece_line(&log);
        bool no_memory, whole = line.text + line.len < log.text;
        struct json_object *json = whole && is_ours(line) ? json_read(line.text, line.len, &no_memory) : NULL;

        /* The first "id" is the member: no other one comes before it. */
        found = json && says(json, "event", event) && says(json, "id", id);
        json_wipe(json);
    }
    return found;
}

/* In whole lines: what a crash cut off was not written. */
static bool mentions(piece log, const char *id) {
    char member[64];

    while (log.text && log.len > 0 && log.text[log.len - 1] != '\n')
        log.len--;
    snprintf(member, sizeof member, "\"id\":\"%s\"", id);
    return log.text && memmem(log.text, log.len, member, strlen(member));
}

static otsd_tri find(const char *event, const char *id) {
    config c = {.audit = {.file = (char *)LOG}};
    audit_look looks[] = {{"0000000000000000", OTSD_YES}, {id, OTSD_UNKNOWN}, {"ffffffffffffffff", OTSD_YES}};
    problem p;

    HOLDS(audit_find(&c, event, looks, 3, &p) == EX_OK && p.code == EX_OK);
    return looks[1].found;
}

/* One line more, which says what the record says, and all that stood before. */
static void append(piece log, const record *r, const char *event) {
    config c = {.audit = {.file = (char *)LOG}};
    struct json_object *json;
    bool no_memory, was_torn = log.len > 0 && log.text[log.len - 1] != '\n';
    size_t len, from;
    char *now;
    problem p;

    HOLDS(audit_write(&c, event, r, 1800000000, &p) == EX_OK);
    now = stage_content(LOG, &len);
    from = log.len + (was_torn ? 1 : 0);
    HOLDS(len > from + 2 && (log.len == 0 || memcmp(now, log.text, log.len) == 0));
    HOLDS(!was_torn || now[log.len] == '\n');
    HOLDS(now[len - 1] == '\n' && !memchr(now + from, '\n', len - 1 - from));
    for (size_t i = from; i + 1 < len; i++)
        HOLDS(now[i] >= ' ' && now[i] <= '~');
    json = json_read(now + from, len - 1 - from, &no_memory);
    HOLDS(json && says(json, "event", event) && says(json, "id", r->id));
    HOLDS(!utf8_valid(r->user, strlen(r->user)) || says(json, "user", r->user));
    json_wipe(json);
    HOLDS(find(event, r->id) == OTSD_YES);
    free(now);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
    piece rest = {(const char *)data, len}, log, before, text;
    static const char *const events[] = {"issued", "closed"};
    size_t used;
    record r;
    problem p;

    (void)piece_next(&rest, &log);
    (void)piece_next(&rest, &before);
    (void)piece_next(&rest, &text);
    if (log.len > 1 && memcmp(log.text + log.len - 2, "~\n", 2) == 0)
        log.len -= 2;
    stage_file(LOG, log.text, log.len);
    stage_file(LOG ".1", before.text ? before.text : "", before.len);
    stage_file("/var/lib/otsd", "", 0);
    if (!text.text || record_parse(&r, text.text, text.len, &used, &p) != EX_OK)
        return 0;
    for (size_t i = 0; i < 2; i++) {
        otsd_tri found = find(events[i], r.id);

        HOLDS(found == OTSD_YES || found == OTSD_NO);
        HOLDS(found == OTSD_NO || mentions(log, r.id) || mentions(before, r.id));
        HOLDS(found == OTSD_YES || (!tells(log, events[i], r.id) && !tells(before, events[i], r.id)));
    }
    append(log, &r, events[len % 2]);
    return 0;
}
