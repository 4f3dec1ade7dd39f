/* SPDX-License-Identifier: MIT
 *
 * cli/serve_settings.c - the tables of `weft serve`, and who fills them
 */
#include "cli/serve_settings.h"

#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/config_file.h"
#include "cli/flag_value.h"

static bool check_path(const char *text, char why[FLAG_WHY])
{
    if (*text == '/') return true;
    snprintf(why, FLAG_WHY, "\"%.80s\" is not a path of the form /echo", text);
    return false;
}

static void own_flags(struct serve_settings *s)
{
    const struct flag table[SERVE_FLAGS] = {
        {0, "config", .kind = FLAG_TEXT, .into = &s->file, .value = "FILE", .is = FLAG_NO_KEY,
         .help = "read settings from this file, too (-: from stdin); weft config\n"
                 "prints one"},
        {0, "check", .kind = FLAG_BOOL, .into = &s->check, .is = FLAG_TYPED,
         .help = "look whether all settings are right, and do not serve"},
        {0, "dir", .kind = FLAG_TEXT, .into = &s->service.dir, .value = "DIR",
         .group = "What is at its paths", .sample = "/srv/site",
         .help = "serve the files of DIR; the same as DIR alone"},
        {0, "echo", .kind = FLAG_LIST, .into = &s->echoes, .value = "PATH", .check = check_path,
         .sample = "/echo", .help = "PATH sends everything back to its sender; repeatable"},
        {0},
    };
    memcpy(s->own, table, sizeof table);
}

void serve_settings_init(struct serve_settings *s, struct teller told)
{
    memset(s, 0, sizeof *s);
    service_options_init(&s->service);
    own_flags(s);
    service_flags(&s->service, s->common);
    s->tables[0] = s->own;
    s->tables[1] = s->common;
    settings_init(&s->said, s->tables, told);
}

void serve_settings_deinit(struct serve_settings *s)
{
    settings_deinit(&s->said);
}

/* ---- read ------------------------------------------------------------------------------------ */

/* DIR stands alone on the command line; there --dir is the same, and one of them is enough. */
static bool take_dir(struct serve_settings *s, int n, const char *argument)
{
    if (n > 1) complain("serve takes one directory, not %d", n);
    else if (n && s->service.dir)
        complain("DIR is given twice: %s, and --dir %s", argument, s->service.dir);
    else return true;
    return false;
}

static void look_at_all(struct serve_settings *s)
{
    char why[FLAG_WHY];
    if (!secret_fits(&s->service.secret, why)) settings_wrong(&s->said, "%s", why);
    if (!channels_fit(&s->service.channels, why)) settings_wrong(&s->said, "%s", why);
    if (!guard_fits(&s->service.channels.guard, why)) settings_wrong(&s->said, "%s", why);
}

int serve_settings_read(struct serve_settings *s, int argc, char *const *argv, bool again)
{
    const char *argument;
    int n = settings_command_line(&s->said, argc, argv, &argument);
    if (n < 0) return n;
    if (!take_dir(s, n, argument)) return FLAGS_BAD;
    settings_environment(&s->said);
    if (s->file) config_file_read(&s->said, s->file, again);
    settings_credentials(&s->said);
    if (s->check) settings_strange_variables(&s->said);
    if (argument) s->service.dir = argument;
    look_at_all(s);
    return 0;
}

/* ---- compare --------------------------------------------------------------------------------- */

void serve_settings_stuck(const struct serve_settings *a, const struct serve_settings *b,
                          char *text, size_t size)
{
    size_t at = 0;
    text[0] = '\0';
    for (size_t i = 0; a->tables[i]; i++)
        for (size_t k = 0; !flag_ends(&a->tables[i][k]); k++) {
            const struct flag *f = &a->tables[i][k];
            if (f->is & FLAG_RELOADS || flag_same(f, &b->tables[i][k]) || at >= size) continue;
            at += (size_t)snprintf(text + at, size - at, "%s%s", at ? ", " : "", f->name);
        }
}
