/* SPDX-License-Identifier: MIT
 *
 * A name service of the test's own: a real module, which is compiled here and which glibc loads.
 */
#ifndef TESTS_UNIT_NAME_SERVICE_H
#define TESTS_UNIT_NAME_SERVICE_H

#include <stdbool.h>

/* Has name_service_make been here? */
bool name_service_is_here(void);
/* In a private world: compiles libnss_NAME.so.2 and runs the program anew, for the loader takes its path as it was when
 * the program began. Returns only where there is no compiler. */
void name_service_make(char **argv, const char *name, const char *source);

#endif
