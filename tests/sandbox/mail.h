/* SPDX-License-Identifier: MIT
 *
 * Mails as files.
 */
#ifndef SANDBOX_MAIL_H
#define SANDBOX_MAIL_H

#include "world.h"

/* Opens the folder into w->mail_dir (made where it is not there); leaves it alone where path is NULL. False with a line
 * on stderr. */
bool mail_open(struct world *w, const char *path);
/* Writes the mail about s, whose recipient is set. A failure is a line on stderr: real servers do not tell the caller
 * either. */
void mail_send(struct world *w, const struct secret *s);

#endif
