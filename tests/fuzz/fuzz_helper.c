/* SPDX-License-Identifier: MIT
 *
 * The PAM module's strings, each in memory to the byte: the output of the login command on its way to a terminal, and
 * what PAM hands in on its way to the command's arguments.
 */
#include <stdlib.h>
#include <string.h>

#include "../../pam_ots/text.h"
#include "core/core.h"
#include "fuzz.h"

/* Newlines stay; no blank at the end, and nothing that a terminal obeys. */
static void message(const char *output, size_t len) {
    char *text = malloc(len + 1), *again = malloc(len + 1);
    size_t n;

    HOLDS(text && again);
    memcpy(text, output, len);
    n = message_text(text, len);
    HOLDS(n <= len && strlen(text) <= n && utf8_valid(text, n) && text[n] == '\0');
    HOLDS(n == 0 || (text[n - 1] != '\n' && text[n - 1] != ' '));
    for (size_t i = 0; i < n; i++) {
        HOLDS((unsigned char)text[i] >= ' ' || text[i] == '\n');
        HOLDS(text[i] != 0x7f && !(text[i] == (char)0xc2 && (unsigned char)text[i + 1] < 0xa0));
    }
    memcpy(again, text, n);
    HOLDS(message_text(again, n) == n && memcmp(again, text, n + 1) == 0);
    free(text);
    free(again);
}

static void option(const char *value) {
    char *out = malloc(sizeof "--tty=" + VALUE_MAX);

    HOLDS(out);
    if (option_text(out, sizeof "--tty=" + VALUE_MAX, "--tty=", value)) {
        HOLDS(strncmp(out, "--tty=", 6) == 0 && strlen(out) <= 6 + VALUE_MAX && strlen(out) > 6);
        for (const char *c = out; *c; c++)
            HOLDS(*c > ' ' && *c < 0x7f);
    } else {
        HOLDS(!value[0]);
    }
    free(out);
}

static void methods(const char *info) {
    char *out = malloc(VALUE_MAX + 1);

    HOLDS(out);
    auth_methods(out, info);
    HOLDS(strlen(out) <= VALUE_MAX && !strpbrk(out, " \t\n"));
    for (const char *word = out; *word; word += strcspn(word, ",") + (word[strcspn(word, ",")] ? 1 : 0))
        HOLDS(memmem(info, strlen(info), word, strcspn(word, ",")));
    free(out);
}

static void name(const char *user) {
    size_t len = user_name_length(user);
    char *copy = malloc(USER_MAX + 1);

    HOLDS(copy && (len == 0 || (len == strlen(user) && len <= USER_MAX)));
    if (len > 0) {
        HOLDS(!strpbrk(user, "/:\n\t\x1b") && user[0] != '.' && user[0] != '-');
        user_name_copy(copy, user);
        HOLDS(strcmp(copy, user) == 0);
        if (user_name_lower(copy, user))
            HOLDS(strlen(copy) == len && strcmp(copy, user) != 0);
        else
            HOLDS(strcmp(copy, user) == 0);
        HOLDS(user_name_length(copy) == len && !user_name_lower(copy, copy));
    }
    HOLDS(bounded_length(user, 8) == (strlen(user) > 8 ? 9 : strlen(user)));
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
    char *text = piece_string((piece){(const char *)data, len});

    message((const char *)data, len);
    option(text);
    methods(text);
    name(text);
    free(text);
    return 0;
}
