/* SPDX-License-Identifier: MIT
 *
 * Which call a request line means. Pure.
 */
#ifndef SANDBOX_ROUTE_H
#define SANDBOX_ROUTE_H

#include "bytes.h"
#include "release.h"

enum call {
    CALL_NONE,
    CALL_GENERATE,
    CALL_SHARE,
    CALL_READ,
    CALL_RECEIPT,
    CALL_BURN,
    CALL_RECENT,
    CALL_STATUS,
    CALL_AUTHCHECK,
    CALL_COUNT
};

enum route_kind {
    ROUTE_NOT_FOUND, /* {"error":"Not Found"} */
    ROUTE_MALFORMED, /* a bad percent sign in the path */
    ROUTE_API,
    ROUTE_CONTROL, /* key: what follows /sandbox/ */
    ROUTE_HOME,
    ROUTE_MISSING_PAGE,
    ROUTE_LINK /* GET or POST /secret/KEY: the page that a person sees */
};

struct route {
    enum route_kind kind;
    enum call call;
    int version;       /* of the API, 1 to 3 */
    bool create;       /* share by its other name */
    bool untidy;       /* the path had empty parts, which the release overlooks */
    struct bytes key;  /* decoded */
    const char *query; /* into the target, after the question mark; "" where there is none */
};

/* Free with route_free. */
void route_parse(const struct release *release, const char *method, const char *target, struct route *r);
void route_free(struct route *r);

/* "generate", …; CALL_NONE is "other". */
const char *call_name(enum call c);
/* CALL_NONE where it is none of them. */
enum call call_from_name(const char *name);

#endif
