/* SPDX-License-Identifier: MIT
 *
 * What otsd says. The value of a secret is printed only for the commands that are there to obtain it; all other text
 * that came from a server is kept from moving the cursor.
 */
#include "otsd/print.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

int complain(int code, const char *format, ...) {
    va_list args;

    fputs("otsd: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    return code;
}

int code_of(otsd_err err) {
    static const int codes[] = {
        [OTSD_OK] = EX_OK,
        [OTSD_ERR_ARGUMENT] = EX_USAGE,
        [OTSD_ERR_CONFIG] = EX_CONFIG,
        [OTSD_ERR_MEMORY] = EX_OSERR,
        [OTSD_ERR_CREDENTIALS] = EX_NOPERM,
        [OTSD_ERR_GONE] = EX_NOINPUT,
        [OTSD_ERR_REFUSED] = EX_DATAERR,
        [OTSD_ERR_RATE_LIMITED] = EX_TEMPFAIL,
        [OTSD_ERR_SERVER] = EX_TEMPFAIL,
        [OTSD_ERR_NOT_V1] = EX_PROTOCOL,
        [OTSD_ERR_TIMEOUT] = EX_UNAVAILABLE,
        [OTSD_ERR_TLS] = EX_PROTOCOL,
        [OTSD_ERR_CONNECTION] = EX_UNAVAILABLE,
        [OTSD_ERR_ANSWER] = EX_PROTOCOL,
    };

    return (size_t)err < sizeof codes / sizeof codes[0] ? codes[err] : EX_SOFTWARE;
}

int failed(otsd_err err, const otsd_error *e) {
    if (err == OTSD_ERR_RATE_LIMITED && e->retry_after > 0)
        return complain(code_of(err), "%s; try again in %ld seconds", e->message, e->retry_after);
    return complain(code_of(err), "%s", e->message[0] != '\0' ? e->message : otsd_strerror(err));
}

static bool add(json_object *o, const char *name, json_object *value) {
    return json_object_object_add(o, name, value) == 0;
}

static bool add_text(json_object *o, const char *name, const char *text) {
    return text[0] == '\0' || add(o, name, json_object_new_string(text));
}

static bool add_number(json_object *o, const char *name, int64_t n, int64_t absent) {
    return n == absent || add(o, name, json_object_new_int64(n));
}

bool add_value(json_object *o, const otsd_secret *value) {
    return !value || add(o, "value", json_object_new_string_len(otsd_secret_data(value), (int)otsd_secret_len(value)));
}

/* What is absent in the receipt is absent here. */
json_object *receipt_json(const otsd_client *c, const otsd_receipt *t, bool with_value) {
    json_object *o = json_object_new_object(), *names = json_object_new_array();
    char *link = NULL;
    bool ok = o && names;

    for (size_t i = 0; ok && i < t->recipients_len; i++)
        ok = json_object_array_add(names, json_object_new_string(t->recipients[i])) == 0;
    if (ok && otsd_link(c, t, &link) != OTSD_OK)
        link = NULL;
    ok = ok && add_value(o, with_value ? t->value : NULL) && add_text(o, "link", link ? link : "") &&
         add_text(o, "secret_key", t->secret_key) && add_text(o, "metadata_key", t->metadata_key) &&
         add_text(o, "state", otsd_state_name(t->state)) && add_number(o, "ttl", t->ttl, -1) &&
         add_number(o, "metadata_ttl", t->metadata_ttl, -1) && add_number(o, "secret_ttl", t->secret_ttl, -1) &&
         add_number(o, "created", t->created, 0) && add_number(o, "updated", t->updated, 0) &&
         add_number(o, "received", t->received, 0) && add_number(o, "burned", t->burned, 0) &&
         add_text(o, "custid", t->custid) && add_text(o, "share_domain", t->share_domain);
    if (ok && t->passphrase_required != OTSD_UNKNOWN)
        ok = add(o, "passphrase_required", json_object_new_boolean(t->passphrase_required == OTSD_YES));
    if (link)
        otsd_wipe(link, strlen(link));
    free(link);
    if (ok && add(o, "recipients", names))
        return o;
    json_object_put(names);
    json_object_put(o);
    return NULL;
}

int print_json(json_object *o) {
    const char *text = o ? json_object_to_json_string_ext(o, JSON_C_TO_STRING_NOSLASHESCAPE) : NULL;
    int rc = EX_OK;

    if (!text) {
        rc = complain(EX_OSERR, "out of memory");
    } else {
        printf("%s\n", text); /* a failure shows in main */
        otsd_wipe((char *)text, strlen(text));
    }
    json_object_put(o);
    return rc;
}

static bool is_time(const char *name) {
    return strcmp(name, "created") == 0 || strcmp(name, "updated") == 0 || strcmp(name, "received") == 0 ||
           strcmp(name, "burned") == 0;
}

/* One line; no control character reaches the terminal. */
static void print_member(const char *name, json_object *m) {
    const char *text = json_object_get_string(m);
    char when[64];
    time_t t;
    struct tm tm;

    if (is_time(name)) {
        t = (time_t)json_object_get_int64(m);
        if (localtime_r(&t, &tm) && strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S %z", &tm) > 0)
            text = when;
    }
    for (; *name != '\0'; name++)
        putchar(*name == '_' ? ' ' : *name);
    fputs(": ", stdout);
    for (; text && *text != '\0'; text++)
        putchar((unsigned char)*text < 0x20 || *text == 0x7F ? '?' : *text);
    putchar('\n');
}

static void print_members(json_object *o) {
    json_object_object_foreach(o, name, m) {
        if (!json_object_is_type(m, json_type_array))
            print_member(name, m);
        for (size_t i = 0; json_object_is_type(m, json_type_array) && i < json_object_array_length(m); i++)
            print_member("recipient", json_object_array_get_idx(m, i));
    }
}

int print_receipt(const otsd_client *c, bool json, const otsd_receipt *t, bool with_value) {
    json_object *o = receipt_json(c, t, with_value);

    if (json || !o)
        return print_json(o);
    print_members(o);
    json_object_put(o);
    return EX_OK;
}
