/* SPDX-License-Identifier: MIT
 *
 * An intent whose answer was lost, and its end.
 *
 * The server may have made a secret, and mailed its link; nobody here knows its key. As long as the server's list is to
 * be had recovery finds it there (match.h). But a list can be broken for good, a server can be gone, and an intent in
 * issuing/ keeps its account from being provisioned. So every intent has an end: once nothing can be alive any more of
 * what it asked for, it is dropped, whatever a server says or does not say; an administrator's order ends it before.
 * Either way the audit log says that nobody knows what became of the link.
 *
 * Nothing is in danger by it: what such a link opens to is the password of no account.
 */
#ifndef OTSD_HOOK_LOST_H
#define OTSD_HOOK_LOST_H

#include "handoff/context.h"

#define LOST_TOLD_MAX 1500

/* Is it one? The record lies in issuing/. */
bool lost_is(const record *r);
/* The longest that a server may grant who asks for so much; seconds. */
int64_t lost_longest(int64_t ttl_asked);
/* A server may be at a request for so long after it was sent: as long as we would have waited, and a second. */
int64_t lost_settling(const config *c);
/* Can nothing be alive any more? By the clocks of the record: "unknown" where one was stepped. */
otsd_tri lost_over(const config *c, const record *r, const clock_moment *now);
/* When that is, for people: seconds since the epoch. */
int64_t lost_until(const config *c, const record *r);

/* Drops it, with its audit line ("provisioning aborted", "unknown"). Needs no server. Where it fails the intent lies in
 * issuing/ still, or in claimed/, where a sweep finishes it. */
int lost_end(context *x, entry *e, problem *p);
/* The same by order, though something may be alive; why: the reason for which the server does not tell, NULL where it
 * cannot. told, of LOST_TOLD_MAX bytes: what may be alive, and until when. */
int lost_end_by_order(context *x, entry *e, const problem *why, char *told, problem *p);

#endif
