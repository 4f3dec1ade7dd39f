/* SPDX-License-Identifier: MIT
 *
 * cli/flags.h - flags from a table
 *
 * A command describes its flags in tables; the same rows parse the command line and print --help.
 *
 *      struct flag flags[] = {
 *          {'p', "port", .kind = FLAG_NUMBER, .into = &port, .max = 65535, .value = "PORT",
 *           .noun = "a port number", .help = "listen on this port"},
 *          {0},
 *      };
 *
 * A row begins as the flag is typed, 0 where it has no letter; all that follows has its name.
 *
 * Understood: --name VALUE, --name=VALUE, -p VALUE, -pVALUE, clustered booleans (-bv), flags behind
 * arguments, and -- before arguments that begin with a dash.
 */
#ifndef CLI_FLAGS_H
#define CLI_FLAGS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum flag_kind {
    FLAG_BOOL,   /* into: bool */
    FLAG_COUNT,  /* unsigned, +1 each time */
    FLAG_TEXT,   /* const char * */
    FLAG_LIST,   /* struct flag_list; repeatable */
    FLAG_NUMBER, /* uint64_t */
    FLAG_SIZE,   /* uint64_t, bytes */
    FLAG_TIME    /* uint64_t, milliseconds */
};

enum { FLAG_LIST_MAX = 64 };

struct flag_list {
    size_t n;
    const char *items[FLAG_LIST_MAX + 1]; /* ends with NULL */
};

struct flag {
    char brief;       /* 'p', or 0 */
    const char *name; /* "port", or NULL */
    enum flag_kind kind;
    void *into;
    uint64_t min, max; /* of numbers, sizes and times */
    const char *value; /* "PORT" in --help; NULL for booleans and counts */
    const char *noun;  /* "a port number" in messages; NULL: by kind */
    const char *help;  /* may have several lines */
};

enum { FLAGS_HELP = -1, FLAGS_BAD = -2 };

/* tables: NULL-terminated, of tables that end with {0}. Moves the arguments that are no flags to the
 * front of argv + 1 and returns how many; FLAGS_HELP when --help is asked for; FLAGS_BAD after having
 * complained. */
int flags_parse(const struct flag *const *tables, int argc, char **argv);

void flags_print(const struct flag *const *tables, FILE *to);

#endif
