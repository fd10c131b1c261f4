/* SPDX-License-Identifier: MIT
 *
 * Set-up of libcurl for the process, with an allocator that wipes whatever is freed: libcurl copies requests, answers,
 * URLs and headers into memory of its own, and M_PERTURB does not reach the small blocks (glibc's per-thread cache
 * keeps them as they were). Where the program had initialised libcurl before, libcurl keeps the allocator it has.
 */
#include "client/client.h"

#include <curl/curl.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

static void wiping_free(void *p) {
    if (!p)
        return;
    otsd_wipe(p, malloc_usable_size(p));
    free(p);
}

static void *wiping_realloc(void *p, size_t size) {
    size_t old = p ? malloc_usable_size(p) : 0;
    void *q = malloc(size > 0 ? size : 1);

    if (!q)
        return NULL;
    if (old > 0)
        memcpy(q, p, old < size ? old : size);
    wiping_free(p);
    return q;
}

otsd_err otsd_global_init(otsd_error *e) {
    CURLcode rc = curl_global_init_mem(CURL_GLOBAL_DEFAULT, malloc, wiping_free, wiping_realloc, strdup, calloc);

    if (rc == CURLE_OK)
        return OTSD_OK;
    return error_local(e, OTSD_ERR_MEMORY, "the HTTP library cannot start: %s", curl_easy_strerror(rc));
}

void otsd_global_cleanup(void) {
    curl_global_cleanup();
}
