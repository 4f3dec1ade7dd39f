/* SPDX-License-Identifier: MIT
 *
 * cli/serve_settings.h - all that `weft serve` can be told, and what it was told
 *
 *      serve_settings_init     as the program has it
 *      serve_settings_read     and as somebody says it: at the start, and in another place again at SIGHUP
 *      serve_settings_deinit   not before the server, which has texts of it
 */
#ifndef CLI_SERVE_SETTINGS_H
#define CLI_SERVE_SETTINGS_H

#include "cli/service.h"
#include "cli/settings.h"

enum { SERVE_FLAGS = 5 };

struct serve_settings {
    struct service_options service;
    struct flag_list echoes;
    const char *file; /* --config; NULL: none */
    bool check;

    struct flag own[SERVE_FLAGS], common[SERVICE_FLAGS];
    const struct flag *tables[3];
    struct settings said;
};

/* told: of what is wrong. It points into itself, so it stays where it is. */
void serve_settings_init(struct serve_settings *s, struct teller told);
void serve_settings_deinit(struct serve_settings *s);

/* 0, FLAGS_HELP, or FLAGS_BAD: the command line cannot be read. What else is wrong is told, and counted in said.wrong.
 * again: at SIGHUP. */
int serve_settings_read(struct serve_settings *s, int argc, char *const *argv, bool again);

/* The flags in which two differ that SIGHUP cannot change, between commas; "": in none. */
void serve_settings_stuck(const struct serve_settings *a, const struct serve_settings *b,
                          char *text, size_t size);

#endif
