/* SPDX-License-Identifier: MIT
 *
 * cli/cli.h - the program weft: its commands and its exit codes
 *
 * Every command is one function in one file. A command parses its flags, makes a loop, runs it, and
 * returns the exit code. What is data goes to stdout, what is about data goes to stderr.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>

enum exit_code {
    EXIT_CLEAN = 0,
    EXIT_USAGE = 1,
    EXIT_URL = 3,
    EXIT_RESOLVE = 6,
    EXIT_CONNECT = 7,
    EXIT_REFUSED = 22,
    EXIT_TIMEOUT = 28,
    EXIT_TLS = 35,
    EXIT_LOST = 56,
    EXIT_CERTIFICATE = 60,
    EXIT_PROTOCOL = 80,
    EXIT_CODE = 81,  /* the peer closed with a code that means trouble */
    EXIT_MISSED = 82 /* sub --strict: messages were lost */
};

/* argv[0] is the command's name; argv is permuted. */
int admin_run(int argc, char **argv);
int bench_run(int argc, char **argv);
int config_run(int argc, char **argv);
int demo_run(int argc, char **argv);
int pub_run(int argc, char **argv);
int serve_run(int argc, char **argv);
int sign_run(int argc, char **argv);
int sub_run(int argc, char **argv);
int token_run(int argc, char **argv);
int connect_run(int argc, char **argv);

/* "weft: ..." and a newline on stderr. Returns EXIT_USAGE, so that it can be returned. */
int complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
