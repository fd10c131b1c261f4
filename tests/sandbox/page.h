/* SPDX-License-Identifier: MIT
 *
 * The few pages that a person with a browser sees.
 */
#ifndef SANDBOX_PAGE_H
#define SANDBOX_PAGE_H

#include "world.h"

void page_missing(struct reply *out);
void page_home(const struct world *w, struct reply *out);
/* The page of a link. Loading it changes nothing; only pressing its button (post) opens the secret. Under the world's
 * lock. */
void page_link(struct world *w, const struct request *rq, bool post, struct reply *out);

#endif
