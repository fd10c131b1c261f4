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
/* Hands over the mail about s, whose recipient is set: at once, with how many milliseconds the answer has to wait for
 * the relay; or 0, and the mail is written that much later. A failure is a line on stderr: real servers do not tell the
 * caller either. */
long mail_hand_over(struct world *w, const struct secret *s);

#endif
