/* SPDX-License-Identifier: MIT
 *
 * Which releases the server looked like, by the answers that any process of this machine had: so that the first call of
 * the next one knows it, too. A courtesy: what is refused by it has to be made likely by an answer of the server first
 * (otsd_client_takes_passphrase), which a newer server never does; one that was replaced by an older one may.
 *
 * It is written where it changes, so it is forgotten after a day, and learnt anew.
 */
#ifndef OTSD_HOOK_SEEN_H
#define OTSD_HOOK_SEEN_H

#include "ledger/ledger.h"

#define SEEN_MEMORY 86400
#define SEEN_MAX 40

/* As otsd_client_generation said it; "" where nothing is known of this server. */
void seen_release(const ledger *l, const char *server, int64_t now, char out[SEEN_MAX]);
/* Keeps it in place of any other, unless it is known already or says nothing. */
void seen_note(const ledger *l, const char *server, const char *release, int64_t now);

#endif
