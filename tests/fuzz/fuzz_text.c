/* SPDX-License-Identifier: MIT
 *
 * Text that others chose, on its way to a person: lines, addresses, durations, links.
 *
 *   al***@e***.com               two texts, which may be a masked address and an address, or a format's arguments
 *   alice@example.com
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "answer/answer.h"
#include "fuzz.h"
#include "ledger/record.h"
#include "server/server.h"

static char *line_of(char *out, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
static char *line_of(char *out, size_t size, const char *format, ...) {
    va_list args;

    va_start(args, format);
    text_line(out, size, format, args);
    va_end(args);
    return out;
}

static void is_shown(const char *text, size_t len) {
    char *once = malloc(len + 1), *twice = malloc(len + 1), *small = malloc(33);

    HOLDS(once && twice && small);
    text_printable(once, len + 1, text, len);
    HOLDS(is_printable(once) && strlen(once) <= len && utf8_valid(once, strlen(once)));
    text_printable(twice, len + 1, once, strlen(once));
    HOLDS(strcmp(once, twice) == 0);
    /* Cut, it is the beginning of the whole, and no character is cut. */
    text_printable(small, 17, text, len);
    HOLDS(strlen(small) <= 16 && utf8_valid(small, strlen(small)) && strncmp(small, once, strlen(small)) == 0);
    HOLDS(strlen(once) <= 16 ? strcmp(small, once) == 0 : strlen(small) > 12);
    line_of(small, 33, "%s|", once);
    HOLDS(strlen(small) <= 32 && is_printable(small) && small[strlen(small) - 1] == '|');
    free(once);
    free(twice);
    free(small);
}

static void a_line(const char *one, const char *other) {
    char line[512];

    line_of(line, sizeof line, "%s: %s; nothing was changed", one, other);
    HOLDS(is_printable(line) && strlen(line) > 20 && strcmp(line + strlen(line) - 20, " nothing was changed") == 0);
}

static void a_name(const char *name) {
    if (!user_name_fault(name))
        HOLDS(is_printable(name) && strlen(name) <= USER_MAX && !strpbrk(name, "/:") && !strchr(".- ", name[0]));
    if (text_is_word(name))
        HOLDS(is_printable(name) && !strchr(name, ' '));
    if (text_is_plain_host(name))
        HOLDS(text_is_host(name) && text_same_host(name, name));
    if (text_is_key(name))
        HOLDS(strlen(name) <= 256 && is_printable(name));
}

static void an_address(const char *mask, const char *address) {
    bool matches = otsd_recipient_matches(mask, address);

    HOLDS(!matches || (strchr(mask, '@') && strchr(address, '@')));
    /* An address without asterisks masks itself, where it is one. */
    if (otsd_address_ok(address)) {
        HOLDS(is_printable(address) && strchr(address, '@') && !strpbrk(address, " ,;"));
        if (address[strspn(address, "*@.")])
            HOLDS(otsd_recipient_matches(address, address));
    }
}

static void a_duration(const char *text) {
    long seconds = -1, again = -1;
    char written[32];

    if (!otsd_duration_parse(text, &seconds)) {
        HOLDS(seconds == -1);
        return;
    }
    HOLDS(seconds >= 0 && seconds <= 315360000L);
    snprintf(written, sizeof written, "%lds", seconds);
    HOLDS(otsd_duration_parse(written, &again) && again == seconds);
}

static void a_link(const char *text) {
    static const char base[] = "https://example.com:8443";
    static char shares[] = "share.example.com", *hosts[] = {shares, NULL};
    otsd_receipt t = {.share_domain = (char *)text, .secret_key = (char *)"abc"};
    otsd_error e = OTSD_ERROR_INIT;
    char *key = NULL, *link = NULL;

    if (server_link_key(base, hosts, text, &key, &e) == OTSD_OK)
        HOLDS(text_is_key(key) && strstr(text, key));
    else
        HOLDS(!key && is_printable(e.message));
    free(key);
    if (server_link(base, hosts, &t, &link, &e) == OTSD_OK)
        HOLDS(strcmp(link, "https://example.com:8443/secret/abc") == 0 ||
              strcasestr(link, "https://share.example.com"));
    else
        HOLDS(!link && e.code == OTSD_ERR_ANSWER && is_printable(e.message));
    free(link);
}

/* Printed as JSON it is ASCII, valid, and says what it said where it was UTF-8. */
static void as_json(const char *text, size_t len) {
    json_out *j = json_new(JSON_PRETTY);
    const char *out;
    size_t n = 0;

    json_begin_array(j, NULL);
    json_bytes(j, NULL, text, len);
    json_end(j);
    out = json_text_of(j, &n);
    HOLDS(out && json_is_good(out, n));
    for (size_t i = 0; i < n; i++)
        HOLDS(out[i] == '\n' || (out[i] >= ' ' && out[i] <= '~'));
    json_free(&j);
}

static void base64(const char *data, size_t len) {
    char *out = malloc(base64_size(len));

    HOLDS(out);
    base64_write(out, data, len);
    HOLDS(strlen(out) == base64_size(len) - 1);
    free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
    piece rest = {(const char *)data, len}, line = piece_line(&rest);
    char *one = piece_string(line), *other = piece_string(rest);

    is_shown(line.text, line.len);
    a_line(one, other);
    a_name(one);
    an_address(one, other);
    a_duration(one);
    a_link(other);
    as_json(line.text, line.len);
    base64(line.text, line.len);
    free(one);
    free(other);
    return 0;
}
