/* SPDX-License-Identifier: MIT
 *
 * The commands of otsd: one call of the API each, and what is printed of its answer.
 */
#ifndef OTSD_CALLS_H
#define OTSD_CALLS_H

#include "otsd/request.h"

/* NULL: there is none of that name. */
const command *calls_find(const char *name);
/* The list of them for the help, on standard output. */
void calls_help(void);

#endif
