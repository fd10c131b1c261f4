/* SPDX-License-Identifier: MIT
 *
 * How a duration is written, in the configuration file and on the command lines: the one place that reads it.
 */
#include "core/core.h"

#define TEN_YEARS 315360000L

bool otsd_duration_parse(const char *text, long *seconds) {
    long n = 0, unit;

    if (!text || !seconds || *text < '0' || *text > '9')
        return false;
    for (; *text >= '0' && *text <= '9'; text++) {
        n = n * 10 + (*text - '0');
        if (n > TEN_YEARS)
            return false;
    }
    switch (*text) {
    case 'd':
        unit = 86400;
        break;
    case 'h':
        unit = 3600;
        break;
    case 'm':
        unit = 60;
        break;
    case 's':
    case '\0':
        unit = 1;
        break;
    default:
        return false;
    }
    if ((*text != '\0' && text[1] != '\0') || n > TEN_YEARS / unit)
        return false;
    *seconds = n * unit;
    return true;
}
