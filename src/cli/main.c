/* SPDX-License-Identifier: MIT
 *
 * cli/main.c - the program weft: which command is meant?
 *
 *      weft serve | pub | sub ...     a command of the table
 *      weft help [COMMAND]            its --help
 *      weft [FLAGS] URL               no command: connect
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <weft/base.h>

#include "cli/cli.h"
#include "cli/connect.h"
#include "cli/nearest.h"

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv);
} commands[] = {
    {"admin", admin_run}, {"bench", bench_run}, {"config", config_run},
    {"demo", demo_run},   {"pub", pub_run},     {"serve", serve_run},
    {"sign", sign_run},   {"sub", sub_run},     {"token", token_run},
};

enum { COMMANDS = sizeof commands / sizeof commands[0] };

static const char overview[] =
    "weft: one URL for what happens now; and WebSocket for C, and for the command line\n"
    "\n"
    "  weft serve [DIR]       every path is a channel; DIR is served as files\n"
    "  weft pub URL [TEXT]    publish to a channel: a message, or each line of stdin\n"
    "  weft sub URL...        what is published on channels, one message a line\n"
    "  weft URL               connect: interactive, or in a pipe one line = one message\n"
    "  weft token             a token that says who may what; weft sign: a URL that does\n"
    "  weft config            a configuration file for weft serve, with all that can be set\n"
    "  weft demo              the demo site: a chat and live quotes, for browsers\n"
    "  weft admin WHAT        ask a server that runs, or have it do something\n"
    "  weft bench URL         put a load on a server, and measure it\n"
    "  weft help [COMMAND]    this, or all about one of these (connect: weft URL)\n"
    "  weft --version\n"
    "\n"
    "Begin with:\n"
    "\n"
    "  weft serve\n"
    "  weft sub :8080/chat       in a second terminal, or a browser at localhost:8080/chat\n"
    "  weft pub :8080/chat hi    in a third, or curl -d hi localhost:8080/chat\n";

static const struct command *find(const char *name)
{
    for (size_t i = 0; i < COMMANDS; i++)
        if (!strcmp(commands[i].name, name)) return &commands[i];
    return NULL;
}

static int unknown(const char *name)
{
    struct nearest n = nearest_to(name);
    for (size_t i = 0; i < COMMANDS; i++) nearest_try(&n, commands[i].name);
    nearest_try(&n, "help");
    if (n.best) return complain("there is no command %s; did you mean weft %s?", name, n.best);
    return complain("\"%s\" is neither a command nor a URL like ws://localhost:8080/chat; "
                    "see weft help",
                    name);
}

static int overview_run(void)
{
    fputs(overview, stdout);
    return EXIT_CLEAN;
}

static int help_run(int argc, char **argv)
{
    if (argc < 2 || argv[1][0] == '-' || !strcmp(argv[1], "help")) return overview_run();
    char *words[] = {argv[1], "--help", NULL};
    if (!strcmp(argv[1], "connect") || !strcmp(argv[1], "URL")) return connect_run(2, words);
    const struct command *command = find(argv[1]);
    return command ? command->run(2, words) : unknown(argv[1]);
}

static bool is(const char *word, const char *brief, const char *full)
{
    return !strcmp(word, brief) || !strcmp(word, full);
}

/* A closed stdin, stdout or stderr is /dev/null, not the next thing that happens to be opened. */
static void fill_descriptors(void)
{
    int fd;
    do fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0) close(fd);
}

int main(int argc, char **argv)
{
    fill_descriptors();
    if (argc < 2) {
        fputs(overview, stderr);
        return EXIT_USAGE;
    }
    const char *word = argv[1];
    if (is(word, "-h", "--help")) return overview_run();
    if (is(word, "-V", "--version")) {
        printf("weft %s\n", weft_version());
        return EXIT_CLEAN;
    }
    if (!strcmp(word, "help")) return help_run(argc - 1, argv + 1);
    const struct command *command = find(word);
    if (command) return command->run(argc - 1, argv + 1);
    if (word[0] == '-' || connect_is_url(word)) return connect_run(argc, argv);
    return unknown(word);
}
