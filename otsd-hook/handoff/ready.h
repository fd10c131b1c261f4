/* SPDX-License-Identifier: MIT
 *
 * What has to hold before a hand-off begins, for one account as for many: nothing is promised that was not looked at
 * first. Nothing here changes an account or sends a request that could.
 */
#ifndef OTSD_HOOK_READY_H
#define OTSD_HOOK_READY_H

#include "handoff/context.h"

#define PASSPHRASE_LEAST 4 /* characters; servers from v0.24 on refuse less, v0.22 and v0.23 want 8 */

/* What is wrong with a passphrase of at most PASSPHRASE_MAX bytes, as "the passphrase is …"; NULL: nothing. Pure. */
const char *ready_passphrase(const char *text, size_t len);

/* An account that has expired lets nobody in: a warning; where its password must be changed EX_NOPERM, as nobody could
 * change it. */
int ready_living(const config *c, const char *user, bool expired, problem *p);

/* Could a password be set now? Where the account files are locked, a batch waits when it comes to that; one provision
 * waits here, before its mail is out, and then gives up. */
int ready_to_set(const config *c, bool batch, problem *p);

/* Tries what the run will need: to make records, to write the audit log, to set passwords; where ask_server also
 * whether server and credentials are good. */
int ready_run(context *x, bool batch, bool ask_server, problem *p);

#endif
