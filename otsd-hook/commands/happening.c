/* SPDX-License-Identifier: MIT */
#include "commands/happening.h"

#include <json-c/json.h>
#include <string.h>

#include "base/words.h"
#include "ledger/told.h"

static void take(json_object *o, const char *name, char out[HAPPENING_TEXT]) {
    json_object *v;
    bool is_text = json_object_object_get_ex(o, name, &v) && json_object_is_type(v, json_type_string);

    words_printable(is_text ? json_object_get_string(v) : "", out, HAPPENING_TEXT);
}

bool happening_read(const char *line, happening *h) {
    json_object *o = json_tokener_parse(line);
    bool is_object = o && json_object_is_type(o, json_type_object);

    memset(h, 0, sizeof *h);
    if (is_object) {
        take(o, "time", h->time);
        take(o, "user", h->user);
        take(o, "event", h->event);
        take(o, "recipient", h->recipient);
        take(o, "deadline", h->deadline);
        take(o, "reason", h->reason);
        take(o, "outcome", h->outcome);
        take(o, "opened_at", h->opened_at);
    }
    if (o)
        json_object_put(o);
    return is_object && h->event[0];
}

bool happening_is_of(const happening *h, const char *user) {
    char shown[HAPPENING_TEXT];

    return strcmp(h->user, words_printable(user, shown, sizeof shown)) == 0;
}

void happening_print(const happening *h, FILE *f) {
    const char *why = reason_told(reason_of(h->reason)), *became = outcome_told(outcome_of(h->outcome));

    if (strcmp(h->event, "closed") == 0 && h->opened_at[0])
        fprintf(f, "%s  %-16s closed: %s; %s (%s)\n", h->time, h->user, why, became, h->opened_at);
    else if (strcmp(h->event, "closed") == 0)
        fprintf(f, "%s  %-16s closed: %s; %s\n", h->time, h->user, why, became);
    else if (h->recipient[0])
        fprintf(f, "%s  %-16s %s to %s, until %s\n", h->time, h->user, h->event, h->recipient, h->deadline);
    else
        fprintf(f, "%s  %-16s %s, until %s\n", h->time, h->user, h->event, h->deadline);
}
