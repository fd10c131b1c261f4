/* SPDX-License-Identifier: MIT
 *
 * Header lines, for exchange.c.
 */
#ifndef OTSD_HEADER_H
#define OTSD_HEADER_H

#include "http/http.h"

/* One line of the head of an answer, as libcurl gives it. */
void header_note(http_answer *a, const char *line, size_t len);

#endif
