/* SPDX-License-Identifier: MIT
 *
 * The form that a call sends, in wiped memory, and the checks of what goes into it: a form that was made can be sent.
 */
#include "client/client.h"

#include <stddef.h>
#include <string.h>

#define VALUE_MAX ((size_t)100000)

/* What RFC 3986 calls unreserved; all else is escaped. */
static bool stands_for_itself(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || c == '~';
}

static bool add_escaped(wiped *form, const char *value, size_t len) {
    static const char digits[] = "0123456789ABCDEF";
    size_t plain;

    while (len > 0) {
        for (plain = 0; plain < len && stands_for_itself(value[plain]); plain++)
            ;
        if (plain > 0) {
            if (!wiped_append(form, value, plain))
                return false;
        } else {
            const char escape[] = {'%', digits[(unsigned char)*value >> 4], digits[(unsigned char)*value & 15U]};

            if (!wiped_append(form, escape, sizeof escape))
                return false;
            plain = 1;
        }
        value += plain;
        len -= plain;
    }
    return true;
}

static bool add(wiped *form, const char *name, const char *value, size_t len) {
    return (form->len == 0 || wiped_append_string(form, "&")) && wiped_append_string(form, name) &&
           wiped_append_string(form, "=") && add_escaped(form, value, len);
}

static bool add_secret(wiped *form, const char *name, const otsd_secret *s) {
    return !s || add(form, name, otsd_secret_data(s), otsd_secret_len(s));
}

static bool add_string(wiped *form, const char *name, const char *s) {
    return !s || add(form, name, s, strlen(s));
}

static bool add_number(wiped *form, const char *name, long n) {
    char digits[32];

    snprintf(digits, sizeof digits, "%ld", n); /* a long fits */
    return n == 0 || add_string(form, name, digits);
}

static otsd_err check_value(const otsd_secret *value, otsd_error *e) {
    if (otsd_secret_len(value) == 0)
        return error_local(e, OTSD_ERR_ARGUMENT, "there is nothing to share");
    if (otsd_secret_len(value) > VALUE_MAX)
        return error_local(e, OTSD_ERR_ARGUMENT, "the secret is longer than %zu bytes: servers would cut it",
                           VALUE_MAX);
    if (!utf8_valid(otsd_secret_data(value), otsd_secret_len(value)))
        return error_local(e, OTSD_ERR_ARGUMENT, "the secret is not valid UTF-8: it could never be read back");
    return OTSD_OK;
}

/* What the struct of 0.1 ends with, and so what size 0 stands for; and more than any release will need. */
#define SIZE_0_1 (offsetof(otsd_options, length) + sizeof(long))
#define SIZE_MOST ((size_t)4096)

/* The caller's options as this library knows them. Nothing is read beyond the caller's struct; what this library does
 * not know yet must not be set, for it would be left out in silence. */
static otsd_err take_over(otsd_options *own, const otsd_options *options, otsd_error *e) {
    const char *bytes = (const char *)options;
    size_t size = options && options->size > 0 ? options->size : SIZE_0_1;

    memset(own, 0, sizeof *own);
    if (size < SIZE_0_1 || size > SIZE_MOST)
        return error_local(e, OTSD_ERR_ARGUMENT, "the options have a size that no release knows");
    for (size_t i = sizeof *own; i < size; i++)
        if (bytes[i] != 0)
            return error_local(e, OTSD_ERR_ARGUMENT, "an option is set that this library is too old for");
    if (options)
        memcpy(own, options, size < sizeof *own ? size : sizeof *own);
    return OTSD_OK;
}

static otsd_err check_options(const otsd_options *o, otsd_error *e) {
    if (o->ttl < 0)
        return error_local(e, OTSD_ERR_ARGUMENT, "a ttl cannot be negative");
    if (o->length < 0 || o->length > 128)
        return error_local(e, OTSD_ERR_ARGUMENT, "a length of 1 to 128 was expected");
    if (o->recipient && !otsd_address_ok(o->recipient))
        return error_local(e, OTSD_ERR_ARGUMENT, "the recipient is not one plain mail address");
    if (o->share_domain && !text_is_host(o->share_domain))
        return error_local(e, OTSD_ERR_ARGUMENT, "the share domain is not a host name");
    if (o->locale && !text_is_locale(o->locale))
        return error_local(e, OTSD_ERR_ARGUMENT, "the locale is not like \"en\" or \"pt_BR\"");
    return OTSD_OK;
}

/* An empty passphrase would be none at all, and malformed text could never be entered again. */
static otsd_err check_passphrase(const otsd_secret *p, otsd_error *e) {
    if (p &&
        (otsd_secret_len(p) == 0 || otsd_secret_len(p) > 1024 ||
         memchr(otsd_secret_data(p), '\0', otsd_secret_len(p)) || !utf8_valid(otsd_secret_data(p), otsd_secret_len(p))))
        return error_local(e, OTSD_ERR_ARGUMENT, "the passphrase is empty, too long, or not valid UTF-8");
    return OTSD_OK;
}

otsd_err form_create(wiped *form, const otsd_secret *value, const otsd_options *options, otsd_error *e) {
    otsd_options o;
    otsd_err rc = take_over(&o, options, e);

    if (rc == OTSD_OK && value)
        rc = check_value(value, e);
    if (rc == OTSD_OK)
        rc = check_options(&o, e);
    if (rc == OTSD_OK)
        rc = check_passphrase(o.passphrase, e);
    if (rc != OTSD_OK)
        return rc;
    if (!add_secret(form, "secret", value) || !add_number(form, "ttl", o.ttl) ||
        !add_secret(form, "passphrase", o.passphrase) || !add_string(form, "recipient", o.recipient) ||
        !add_string(form, "share_domain", o.share_domain) || !add_string(form, "locale", o.locale) ||
        (!value && !add_number(form, "length", o.length)))
        return error_local(e, OTSD_ERR_MEMORY, "out of memory");
    return OTSD_OK;
}

otsd_err form_passphrase(wiped *form, const otsd_secret *passphrase, otsd_error *e) {
    otsd_err rc = check_passphrase(passphrase, e);

    if (rc == OTSD_OK && !add_secret(form, "passphrase", passphrase))
        rc = error_local(e, OTSD_ERR_MEMORY, "out of memory");
    return rc;
}
