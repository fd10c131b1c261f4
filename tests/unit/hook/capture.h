/* SPDX-License-Identifier: MIT
 *
 * What a function writes to standard output.
 */
#ifndef TESTS_UNIT_CAPTURE_H
#define TESTS_UNIT_CAPTURE_H

/* Between the two nothing reaches the test's own output. */
void capture_begin(void);
/* malloced. */
char *capture_end(void);

#endif
