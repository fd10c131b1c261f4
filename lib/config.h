/* SPDX-License-Identifier: MIT
 *
 * The schema of otsd.conf: what config.c (reading the file) and config_schema.c (what may stand in it) share.
 */
#ifndef OTSD_CONFIG_H
#define OTSD_CONFIG_H

#include "private.h"

#include <libconfig.h>

/* Everything that is needed to say where a mistake is. */
struct config_place {
    const char *file;
    const char *group;
    const char *key;
    unsigned line;
    otsd_error *e;
};

/* "FILE:LINE: `group.key` ...". OTSD_ERR_CONFIG. */
__attribute__((format(printf, 2, 3))) otsd_err config_fault(const struct config_place *p, const char *format, ...);

/* Takes one setting of one group. */
otsd_err config_take(otsd_config *c, config_setting_t *s, const struct config_place *p);
bool config_is_group(const char *name);
/* Defaults, before anything is taken. */
otsd_err config_defaults(otsd_config *c, otsd_error *e);
/* What only the whole can tell; line_of[] has no entry for a key that is not set, so the messages name the file. */
otsd_err config_check(otsd_config *c, const char *file, otsd_error *e);

#endif
