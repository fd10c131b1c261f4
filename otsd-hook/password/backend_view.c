/* SPDX-License-Identifier: MIT
 *
 * What a backend is asked about, made of a record: for those who ask, and for the backends themselves.
 */
#include "password/backend.h"

#include <stdlib.h>

backend_view backend_view_of(const record *r) {
    return (backend_view){.user = r->user,
                          .hash = r->hash,
                          .kind = r->backend,
                          .created = r->created,
                          .changed_before = r->changed_before};
}

otsd_tri backend_view_stands(const backend_view *view) {
    return view->elsewhere ? OTSD_YES : view->in_place;
}

void backend_view_end(backend_view *view) {
    free(view->elsewhere);
    view->elsewhere = NULL;
}
