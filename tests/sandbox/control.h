/* SPDX-License-Identifier: MIT
 *
 * What tests ask for under /sandbox/.
 */
#ifndef SANDBOX_CONTROL_H
#define SANDBOX_CONTROL_H

#include "world.h"

/* what: "fault", "fault/clear", "clock", "secrets", "requests", "drop", "reset". Takes the world's lock itself. */
void control_answer(struct world *w, const char *what, bool post, const struct form *form, struct reply *out);

#endif
