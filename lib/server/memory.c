/* SPDX-License-Identifier: MIT
 *
 * The group `memory` of otsd.conf(5), for every program that reads that file.
 */
#include "conf/conf.h"

#include <stddef.h>

typedef struct memory {
    otsd_lock lock;
} memory;

static const char *const words[] = {[OTSD_LOCK_REQUIRE] = "require", [OTSD_LOCK_TRY] = "try", NULL};

static const conf_row rows[] = {{"memory", "lock", CONF_WORD, offsetof(memory, lock), 0, 0, NULL, words}};
static const conf_schema schema = {rows, sizeof rows / sizeof rows[0], NULL};

_Static_assert(sizeof(otsd_lock) == sizeof(int), "a word's place is written as an int");

otsd_err otsd_memory_load(const char *path, otsd_error *e) {
    conf_source from = {.schema = &schema, .e = e};
    memory m = {.lock = OTSD_LOCK_REQUIRE};
    otsd_err rc;

    if (!path)
        return error_null(e, "path");
    rc = conf_read(&m, &from, path);
    if (rc == OTSD_OK && conf_find(&from, "memory", "lock").nth > 0)
        otsd_memory_lock(m.lock);
    return rc;
}
