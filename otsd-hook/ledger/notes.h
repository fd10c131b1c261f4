/* SPDX-License-Identifier: MIT
 *
 * What was seen of a server and may be lost: small files in the state directory, each put in place as a whole, of lines
 * that name the server, and where that matters the account, that they are of. For the files of this room.
 */
#ifndef OTSD_HOOK_NOTES_H
#define OTSD_HOOK_NOTES_H

#include "ledger/ledger.h"

/* The whole lines of a file, as far as they fit; "" where there are none that can be read. */
void notes_read(const ledger *l, const char *name, char *text, size_t size);
/* Where that fails the file stays as it was, and what is new is seen again. False then. */
bool notes_put(const ledger *l, const char *name, const char *text, size_t len);
/* What stands behind "SERVER "; NULL: it is of another one. */
const char *notes_of(const char *text, const char *server);
/* Is it "SERVER ACCOUNT", up to the end of its line? */
bool notes_is_of(const char *text, const char *server, const char *account);

#endif
