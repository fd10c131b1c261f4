/* SPDX-License-Identifier: MIT */
#include "client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/otsd-http-XXXXXX";

char *client_write_file(const char *name, const char *text) {
    char *path = NULL;
    FILE *f;

    assert_true(asprintf(&path, "%s/%s", folder, name) > 0);
    (void)unlink(path); /* there may be none */
    f = fopen(path, "wex");
    assert_non_null(f);
    assert_int_equal(fchmod(fileno(f), 0600), 0);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
    return path;
}

otsd_server *client_server(const char *server_settings) {
    otsd_server *server = NULL;
    otsd_error e = {0};
    char *text = NULL, *path;

    assert_true(asprintf(&text, "server: {\n%s };\n", server_settings) > 0);
    path = client_write_file("otsd.conf", text);
    if (otsd_server_load(&server, path, &e) != OTSD_OK)
        fail_msg("%s", e.message);
    free(text);
    free(path);
    return server;
}

otsd_client *client_with(const char *server_settings) {
    otsd_server *server = client_server(server_settings);
    otsd_client *c = NULL;
    otsd_error e = {0};

    if (otsd_client_new(&c, server, &e) != OTSD_OK)
        fail_msg("%s", e.message);
    otsd_server_free(&server);
    return c;
}

otsd_client *client_within(const struct server *s, const char *seconds) {
    char text[128];

    snprintf(text, sizeof text, "url = \"http://127.0.0.1:%d\"; timeout = %s;", s->port, seconds);
    return client_with(text);
}

otsd_client *client_to(const struct server *s) {
    return client_within(s, "60");
}

int client_make_folder(void **state) {
    (void)state;
    return mkdtemp(folder) && otsd_global_init(NULL) == OTSD_OK ? 0 : -1;
}

int client_remove_folder(void **state) {
    static const char *const names[] = {"otsd.conf", "token"};
    char path[64];

    (void)state;
    otsd_global_cleanup();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        (void)unlink(path); /* not every group makes both */
    }
    return rmdir(folder);
}
