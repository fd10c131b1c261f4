/* SPDX-License-Identifier: MIT
 *
 * The parameters of a request: query string, form body, and on new servers a JSON body.
 */
#ifndef SANDBOX_FORM_H
#define SANDBOX_FORM_H

#include "bytes.h"

enum param_shape { PARAM_TEXT, PARAM_NUMBER, PARAM_LIST, PARAM_NESTED };

struct param {
    char *name; /* of "a[]" and "a[b]" the "a" */
    enum param_shape shape;
    struct bytes value; /* of a list the first */
};

struct form {
    struct param *params;
    size_t len;
};

enum form_err { FORM_OK, FORM_MALFORMED, FORM_NOT_AN_OBJECT };

/* Adds to what is there. Of a repeated name the last one counts, of a list the first member. */
enum form_err form_add_urlencoded(struct form *f, const char *s, size_t len);
enum form_err form_add_json(struct form *f, const char *s, size_t len);
/* NULL where there is none. */
const struct param *form_find(const struct form *f, const char *name);
/* The text of it, "" where there is none. */
const char *form_text(const struct form *f, const char *name);
void form_free(struct form *f);

#endif
