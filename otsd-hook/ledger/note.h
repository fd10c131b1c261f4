/* SPDX-License-Identifier: MIT
 *
 * Small files of text beside the records, for the files of this room only: what is known of the server. Each is put in
 * place as a whole, and never synced: where it is lost it is learnt anew.
 */
#ifndef OTSD_HOOK_NOTE_H
#define OTSD_HOOK_NOTE_H

#include "ledger/ledger.h"

/* The file's one line without its end; false where it is not there, is not root's alone, or is no whole line. */
bool note_read(const ledger *l, const char *name, char *line, size_t room);
/* A line with its end, in place of what is there. Where that fails, the file stays as it was. */
void note_write(const ledger *l, const char *name, const char *line);
/* Does "SERVER REST" begin with this server? Then its rest; otherwise NULL. */
const char *note_of(const char *text, const char *server);

#endif
