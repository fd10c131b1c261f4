/* SPDX-License-Identifier: MIT
 *
 * The schema of otsd.conf: what config.c (reading the file), config_schema.c (what may stand in it) and config_check.c
 * (the whole) share.
 */
#ifndef OTSD_CONFIG_H
#define OTSD_CONFIG_H

#include "http/http.h"

#include <libconfig.h>

/* Everything that is needed to say where a mistake is. */
typedef struct config_place {
    const char *file;
    const char *group;
    const char *key;
    unsigned line;
    otsd_error *e;
} config_place;

/* "FILE:LINE: `group.key` ...". OTSD_ERR_CONFIG. */
__attribute__((format(printf, 2, 3))) otsd_err config_fault(const config_place *p, const char *format, ...);

/* In which line each key of the schema was set, 0: not set. */
#define CONFIG_KEYS 32
typedef struct config_lines {
    unsigned of[CONFIG_KEYS];
} config_lines;

/* Takes one setting of one group, and notes its line. */
otsd_err config_take(otsd_config *c, config_lines *lines, config_setting_t *s, const config_place *p);
/* The place where a key was set. */
config_place config_find(const config_lines *lines, const char *file, otsd_error *e, const char *group,
                         const char *key);
bool config_is_group(const char *name);
/* Defaults, before anything is taken. */
otsd_err config_defaults(otsd_config *c, otsd_error *e);
/* What only the whole can tell. */
otsd_err config_check(otsd_config *c, const config_lines *lines, const char *file, otsd_error *e);

#endif
