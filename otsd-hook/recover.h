/* SPDX-License-Identifier: MIT
 *
 * An interrupted provision, taken forward or back: what the record and the shadow file say decides.
 */
#ifndef OTSD_HOOK_RECOVER_H
#define OTSD_HOOK_RECOVER_H

#include "context.h"

typedef enum recovery {
    RECOVERED_FORWARD, /* the password is in place: the hand-off is armed */
    RECOVERED_BACK,    /* account untouched, what the server had made is burned, the intent is gone */
    RECOVERED_LATER,   /* too early to say that the server made nothing: see recover_settles */
} recovery;

/* The last step: from issuing/ to pending/, with its audit line. Where an older hand-off of the user is open it ends here, for
 * its password is gone: that is what makes a reissue one step. */
int recover_arm(context *x, entry *e, problem *p);

/* e lies in issuing/ and is locked. On a failure the record stays for the next try. */
int recover_issuing(context *x, entry *e, recovery *out, problem *p);
/* From when on an unfound secret counts as never made: a server has as long to carry a request out as we would have
 * waited for its answer. */
int64_t recover_settles(const otsd_config *c, const record *r);

#endif
