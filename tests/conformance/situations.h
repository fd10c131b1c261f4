/* SPDX-License-Identifier: MIT
 *
 * What must have happened before each recorded exchange: a table of name patterns, the first match counts. An exchange
 * about a key that the sandbox never gave gets a fresh secret for itself, made and brought into its state as the row
 * says; so the order of the recordings does not matter.
 */
#ifndef CONFORMANCE_SITUATIONS_H
#define CONFORMANCE_SITUATIONS_H

#include <stddef.h>

enum caller { ANON, OPS };

/* Which sandbox: without limits, with them, or without and with the shortest ttl at 60 seconds. */
enum house { FREE_HOUSE, LIMITED_HOUSE, SHORT_HOUSE, HOUSE_COUNT };

struct situation {
    const char *pattern; /* fnmatch */
    enum house house;
    enum caller owner;
    const char *call; /* "share", "generate"; NULL: the exchange needs no secret */
    const char *form; /* NULL: the value that the recorded answer reads back */
    /* One letter a step: g receipt fetched, r secret read, b burned, p burned with its passphrase, e ttl passed, E
     * receipt's life passed, d value lost by the server, h link page loaded, x read tried with bad credentials, w as
     * many wrong passphrases as the release allows, C 1000 secrets made by anonymous callers, A 1000 by the account, M
     * 50 mails sent, L a secret in each state that a list shows. */
    const char *steps;
};

#define HELLO "secret=hello+secret&ttl=3600"
#define HELLO_PASS HELLO "&passphrase=correct+horse"
#define P72 "pppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp"

static const struct situation situations[] = {
    {"private-generate-expired-*", FREE_HOUSE, OPS, "generate", "ttl=600", "e"},
    {"private-generate-burned-*", FREE_HOUSE, OPS, "generate", "ttl=3600", "b"},
    {"private-generate-received-*", FREE_HOUSE, OPS, "generate", "ttl=3600", "r"},
    {"private-generate-viewed-then-received", FREE_HOUSE, OPS, "generate", "ttl=3600", "gr"},
    {"private-generate-pass-*-2", FREE_HOUSE, OPS, "generate", "ttl=3600&passphrase=correct+horse", "g"},
    {"private-generate-pass-*-1", FREE_HOUSE, OPS, "generate", "ttl=3600&passphrase=correct+horse", ""},
    {"private-generate-*-2", FREE_HOUSE, OPS, "generate", "ttl=3600", "g"},
    {"private-generate-*-1", FREE_HOUSE, OPS, "generate", "ttl=3600", ""},
    {"private-anongenerate-*-2", FREE_HOUSE, ANON, "generate", "ttl=3600", "g"},
    {"private-anongenerate-*-1", FREE_HOUSE, ANON, "generate", "ttl=3600", ""},
    {"private-anonshare-*-2", FREE_HOUSE, ANON, "share", HELLO, "g"},
    {"private-anonshare-*-1", FREE_HOUSE, ANON, "share", HELLO, ""},
    {"private-share-expired-*", FREE_HOUSE, OPS, "share", "secret=x&ttl=600", "e"},
    {"private-share-burned-*", FREE_HOUSE, OPS, "share", HELLO, "b"},
    {"private-share-received-*", FREE_HOUSE, OPS, "share", HELLO, "r"},
    {"private-share-viewed-then-received", FREE_HOUSE, OPS, "share", HELLO, "gr"},
    {"private-share-pass-*-2", FREE_HOUSE, OPS, "share", HELLO_PASS, "g"},
    {"private-share-pass-*-1", FREE_HOUSE, OPS, "share", HELLO_PASS, ""},
    {"private-share-recipient-*-2", FREE_HOUSE, OPS, "share", HELLO "&recipient=alice%40example.com", "g"},
    {"private-share-recipient-*-1", FREE_HOUSE, OPS, "share", HELLO "&recipient=alice%40example.com", ""},
    {"private-share-*-2", FREE_HOUSE, OPS, "share", HELLO, "g"},
    {"private-share-*-1", FREE_HOUSE, OPS, "share", HELLO, ""},
    {"private-orphaned-*", FREE_HOUSE, OPS, "share", "secret=x&ttl=600", "d"},
    {"private-after-web-page-load", FREE_HOUSE, OPS, "share", HELLO, "h"},
    {"private-badcreds", FREE_HOUSE, OPS, "share", HELLO, ""},
    {"private-with-secret-key", FREE_HOUSE, OPS, "share", HELLO, ""},
    {"metadata-alias-get", FREE_HOUSE, OPS, "share", HELLO, ""},
    /* Its receipt was fetched by the other name before. */
    {"receipt-alias-get", FREE_HOUSE, OPS, "share", HELLO, "g"},
    {"recent-metadata-alias", SHORT_HOUSE, OPS, NULL, NULL, "L"},
    /* The one of many simultaneous callers whose answer was recorded was not the first that the server served. */
    {"storm-private-get-generated-winner", FREE_HOUSE, OPS, "generate", "ttl=3600", "g"},
    {"storm-burn-loser", FREE_HOUSE, OPS, "share", HELLO, "b"},
    {"storm-read-loser", FREE_HOUSE, OPS, "share", HELLO, "r"},
    {"storm-*-winner", FREE_HOUSE, OPS, "share", HELLO, ""},
    {"burn-after-private-viewed", FREE_HOUSE, OPS, "share", HELLO, "g"},
    {"burn-after-retrieved", FREE_HOUSE, OPS, "share", HELLO, "r"},
    {"burn-anon-secret-by-ops", FREE_HOUSE, ANON, "share", HELLO, ""},
    {"burn-fresh-generated", FREE_HOUSE, OPS, "generate", "ttl=3600", ""},
    {"burn-generate-expired", FREE_HOUSE, OPS, "generate", "ttl=600", "e"},
    {"burn-share-expired", FREE_HOUSE, OPS, "share", "secret=x&ttl=600", "e"},
    {"burn-pass-right-second", FREE_HOUSE, OPS, "share", HELLO_PASS, "p"},
    {"burn-pass-wrong", FREE_HOUSE, OPS, "share", HELLO_PASS, ""},
    {"burn-receipt-alias", FREE_HOUSE, OPS, "share", HELLO, "b"},
    {"burn-twice", FREE_HOUSE, OPS, "share", HELLO, "b"},
    {"burn-short", FREE_HOUSE, OPS, NULL, NULL, ""},
    {"burn-*", FREE_HOUSE, OPS, "share", HELLO, ""},
    {"json-burn-pass", FREE_HOUSE, OPS, "share", HELLO_PASS, ""},
    {"json-burn-emptyobj", FREE_HOUSE, OPS, "share", HELLO, ""},
    {"passphrase-72-bytes-prefix-only", FREE_HOUSE, OPS, "share", HELLO "&passphrase=" P72 "AAAA", ""},
    {"passphrase-*", FREE_HOUSE, OPS, "share", HELLO "&passphrase=++padded++", ""},
    {"ratelimit-create-anon", LIMITED_HOUSE, ANON, NULL, NULL, "C"},
    {"ratelimit-create-auth", LIMITED_HOUSE, ANON, NULL, NULL, "A"},
    {"ratelimit-recipient", LIMITED_HOUSE, ANON, NULL, NULL, "M"},
    {"ratelimit-secret-*", LIMITED_HOUSE, OPS, "share", HELLO_PASS, "w"},
    {"realtime-ttl60-created", SHORT_HOUSE, OPS, "share", "secret=hello+secret&ttl=60", ""},
    {"realtime-ttl60-expired-*", SHORT_HOUSE, OPS, "share", "secret=x&ttl=60", "e"},
    {"realtime-ttl60-metadata-gone", SHORT_HOUSE, OPS, "share", "secret=x&ttl=60", "E"},
    {"minttl60-*", SHORT_HOUSE, OPS, NULL, NULL, ""},
    {"secret-after-burn", FREE_HOUSE, OPS, "share", HELLO, "b"},
    {"secret-generate-expired", FREE_HOUSE, OPS, "generate", "ttl=600", "e"},
    {"secret-pass-*", FREE_HOUSE, OPS, "share", HELLO_PASS, ""},
    {"secret-view-after-badcreds", FREE_HOUSE, OPS, "share", HELLO, "x"},
    {"secret-view-after-private-viewed", FREE_HOUSE, OPS, "share", HELLO, "g"},
    {"secret-view-generated", FREE_HOUSE, OPS, "generate", "ttl=3600", ""},
    {"secret-view-*second", FREE_HOUSE, OPS, "share", HELLO, "r"},
    {"secret-view-*", FREE_HOUSE, OPS, "share", HELLO, ""},
    {"secret-get-method", FREE_HOUSE, OPS, "share", HELLO, ""},
    {"secret-key-*", FREE_HOUSE, OPS, "share", HELLO, ""},
    {"secret-trailing-slash", FREE_HOUSE, OPS, "share", HELLO, ""},
    {"secret-uppercase-key", FREE_HOUSE, OPS, "share", HELLO, ""},
    {"share-anon-*-readback", FREE_HOUSE, ANON, "share", NULL, ""},
    {"share-auth-*-readback", FREE_HOUSE, OPS, "share", NULL, ""},
    {"utf8-bad-latin1-readback", FREE_HOUSE, OPS, "share", "secret=caf%e9&ttl=3600", ""},
    {"utf8-bad-latin1-readback-2", FREE_HOUSE, OPS, "share", "secret=%e9%ff&ttl=3600", "r"},
    {"utf8-bad-raw-private", FREE_HOUSE, OPS, "share", "secret=%ff%fe%80abc&ttl=3600", ""},
    {"utf8-bad-*-private", FREE_HOUSE, OPS, "share", "secret=%ff%fe%80&ttl=3600", ""},
    /* All others need nothing but a server. */
    {"*", FREE_HOUSE, ANON, NULL, NULL, ""},
};

#endif
