/* SPDX-License-Identifier: MIT
 *
 * fuzz/fuzz_cli.c - what the program reads from its user, and what it shows of a peer
 *
 * The first byte chooses one of: a command line, a value, lines, text to be shown, a URL.
 */
#include <ctype.h>
#include <stdio.h>

#include "base/bytes.h"
#include "cli/connect.h"
#include "cli/escape.h"
#include "cli/flags.h"
#include "cli/lines.h"
#include "cli/values.h"
#include "fuzz.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);

/* Complaints are many here, and nobody reads them; libFuzzer writes to the descriptor itself. */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    stderr = fopen("/dev/null", "w");
    return 0;
}

/* ---- a command line: words, one on each line --------------------------------------------------- */

enum { WORDS_MAX = 80 };

static void command_line(char *text)
{
    uint64_t port = 1, size = 1, time = 1;
    bool binary = false;
    unsigned verbose = 0;
    const char *user = NULL;
    struct flag_list headers = {0};
    const struct flag flags[] = {
        {'p', "port", .kind = FLAG_NUMBER, .into = &port, .min = 1, .max = 65535, .value = "PORT",
         .noun = "a port number", .help = "the port"},
        {'b', "binary", .kind = FLAG_BOOL, .into = &binary, .help = "binary"},
        {'v', NULL, .kind = FLAG_COUNT, .into = &verbose, .help = "talk"},
        {'u', "user", .kind = FLAG_TEXT, .into = &user, .value = "USER", .help = "who"},
        {'H', "header", .kind = FLAG_LIST, .into = &headers, .value = "FIELD", .help = "a field"},
        {0},
    };
    const struct flag more[] = {
        {0, "max-message", .kind = FLAG_SIZE, .into = &size, .min = 1, .max = 1 << 30,
         .value = "SIZE", .help = "longest\nmessage"},
        {0, "ping", .kind = FLAG_TIME, .into = &time, .min = 1, .max = 3600000, .value = "TIME",
         .help = "how often"},
        {0},
    };
    const struct flag *const tables[] = {flags, more, NULL};

    char *argv[WORDS_MAX + 1] = {"weft"};
    int argc = 1;
    for (char *word; argc < WORDS_MAX && (word = strsep(&text, "\n"));) argv[argc++] = word;
    int kept = flags_parse(tables, argc, argv);
    check(kept < argc && (kept >= 0 || kept == FLAGS_HELP || kept == FLAGS_BAD));
    check(port >= 1 && port <= 65535 && size >= 1 && size <= 1 << 30);
    check(time >= 1 && time <= 3600000 && headers.n <= FLAG_LIST_MAX);
    check(headers.items[headers.n] == NULL);
}

/* ---- a value: what is printed is read as the same ----------------------------------------------- */

static void value(const char *text)
{
    uint64_t number, again;
    char printed[64];
    if (value_size(text, &number)) {
        value_print_size(printed, sizeof printed, number);
        check(value_size(printed, &again) && again == number);
    }
    if (value_time(text, &number)) {
        value_print_time(printed, sizeof printed, number);
        check(value_time(printed, &again) && again == number);
    }
    if (value_number(text, &number)) {
        snprintf(printed, sizeof printed, "%llu", (unsigned long long)number);
        while (*text == '0' && text[1]) text++;
        check(!strcmp(printed, text));
    }
}

/* ---- lines: the same however they arrive -------------------------------------------------------- */

enum { LINE_MOST = 40 };

/* A hash of the lines taken; *error is how it ended. */
static uint64_t lines_of(weft_bytes text, size_t piece, int *error)
{
    struct lines l;
    uint64_t hash = 0xcbf29ce484222325u;
    lines_init(&l, LINE_MOST);
    *error = 0;
    for (bool at_end = false; !at_end && !*error;) {
        weft_span room;
        check(lines_room(&l, &room) == 0 && room.len > 0);
        weft_bytes part = taken(&text, piece < room.len ? piece : room.len);
        copy(room.data, part.data, part.len);
        lines_fed(&l, part.len);
        at_end = part.len == 0;
        weft_bytes line;
        while ((*error = lines_peek(&l, at_end, &line)) == 1) {
            check(line.len <= LINE_MOST && (!line.len || !memchr(line.data, '\n', line.len)));
            for (size_t i = 0; i < line.len; i++) hash = (hash ^ line.data[i]) * 0x100000001b3u;
            hash = (hash ^ 0x100) * 0x100000001b3u;
            lines_take(&l, line);
        }
    }
    hash ^= l.number;
    lines_deinit(&l);
    return hash;
}

static void lines(weft_bytes text, size_t piece)
{
    int whole_error, split_error;
    uint64_t whole = lines_of(text, SIZE_MAX, &whole_error);
    check(lines_of(text, piece, &split_error) == whole && whole_error == split_error);
}

/* ---- a stranger's text -------------------------------------------------------------------------- */

static weft_bytes escaped(void (*escape)(FILE *to, weft_bytes text), weft_bytes text)
{
    char *out = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&out, &len);
    check(to != NULL);
    escape(to, text);
    fclose(to);
    return (weft_bytes){(uint8_t *)out, len};
}

static void for_terminal(FILE *to, weft_bytes text)
{
    escape_terminal(to, text, "  ");
}

static void harmless(weft_bytes shown, const char *but)
{
    check(weft_utf8_valid(shown.data, shown.len));
    for (size_t i = 0; i < shown.len; i++) {
        uint8_t c = shown.data[i];
        check((c >= 0x20 && c != 0x7f) || (c && strchr(but, c)));
        check(c != 0xc2 || shown.data[i + 1] >= 0xa0); /* C1 */
    }
}

static void shown(weft_bytes text)
{
    weft_bytes terminal = escaped(for_terminal, text), json = escaped(escape_json, text);
    harmless(terminal, "\n\t");
    harmless(json, "");
    check(json.len >= 2 && json.data[0] == '"' && json.data[json.len - 1] == '"');
    free((void *)(uintptr_t)terminal.data);
    free((void *)(uintptr_t)json.data);
}

/* ---- a URL -------------------------------------------------------------------------------------- */

static void url(const char *text)
{
    char *whole = malloc(strlen(text) + 32), *hidden = malloc(strlen(text) + 32);
    int n = connect_complete_url(text, whole, strlen(text) + 32);
    check(n >= 0 && (size_t)n == strlen(whole));
    check(!connect_is_url(text) || connect_is_url(whole));
    connect_hide_user(whole, hidden);
    check(strlen(hidden) <= strlen(whole));
    free(whole);
    free(hidden);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    weft_bytes in = {data, size};
    uint8_t choice = taken_byte(&in);
    weft_span exact = exact_copy(in);
    char *text = strndup((const char *)exact.data, exact.len);
    switch (choice % 5) {
    case 0: command_line(text); break;
    case 1: value(text); break;
    case 2: lines((weft_bytes){exact.data, exact.len}, choice / 5 + 1u); break;
    case 3: shown((weft_bytes){exact.data, exact.len}); break;
    case 4: url(text); break;
    }
    free(text);
    free(exact.data);
    return 0;
}
