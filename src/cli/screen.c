/* SPDX-License-Identifier: MIT
 *
 * cli/screen.c - a prompt with history and editing, and lines that appear above it
 *
 * libedit draws the prompt and the line being typed. To print above them, the cursor goes up to the
 * prompt's row, everything from there on is erased, the new line is printed, and libedit draws again
 * what it had.
 */
#include "cli/screen.h"

#include <editline/readline.h>
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "cli/escape.h"
#include "cli/history.h"

static const char prompt[] = "> ";

static struct screen {
    void (*on_line)(void *user, const char *line);
    void *user;
    weft_watch *watch;
    bool shown; /* the prompt is on the screen */
} screen;

/* ---- where the cursor is --------------------------------------------------------------------- */

static int columns(void)
{
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || !size.ws_col) return 80;
    return size.ws_col;
}

/* libedit learns of a new size only when it is told. */
static void follow_size(void)
{
    int rows, known, now = columns();
    rl_get_screen_size(&rows, &known);
    if (known != now) rl_set_screen_size(rows, now);
}

/* Columns that the prompt and the typed text before the cursor take. */
static int cursor_column(void)
{
    int column = (int)sizeof prompt - 1;
    const char *at = rl_line_buffer, *end = rl_line_buffer + rl_point;
    mbstate_t state = {0};
    while (at < end) {
        wchar_t wide;
        size_t n = mbrtowc(&wide, at, (size_t)(end - at), &state);
        if (n == 0 || n > (size_t)(end - at)) break;
        int width = wcwidth(wide);
        column += width > 0 ? width : 0;
        at += n;
    }
    return column;
}

static void erase_prompt(void)
{
    if (!screen.shown) return;
    follow_size();
    int rows = cursor_column() / columns();
    if (rows) printf("\033[%dA", rows);
    fputs("\r\033[J", stdout);
}

static void draw_prompt(void)
{
    fflush(stdout);
    if (screen.shown) rl_forced_update_display();
}

/* ---- lines above ----------------------------------------------------------------------------- */

static bool colours(void)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
    return !(no && *no) && term && strcmp(term, "dumb") != 0;
}

static void paint(const char *sequence)
{
    if (colours()) fputs(sequence, stdout);
}

void screen_note(const char *format, ...)
{
    erase_prompt();
    paint("\033[2m");
    va_list args;
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    paint("\033[0m");
    putchar('\n');
    draw_prompt();
}

static void print_binary(weft_bytes data)
{
    enum { SHOWN = 16 };
    printf("binary, %zu bytes:", data.len);
    for (size_t i = 0; i < data.len && i < SHOWN; i++) printf(" %02x", data.data[i]);
    if (data.len > SHOWN) fputs(" ...", stdout);
}

void screen_message(weft_opcode op, weft_bytes data)
{
    erase_prompt();
    paint("\033[36m");
    fputs("< ", stdout);
    if (op == WEFT_TEXT) escape_terminal(stdout, data, "  ");
    else print_binary(data);
    paint("\033[0m");
    putchar('\n');
    draw_prompt();
}

/* ---- the prompt ------------------------------------------------------------------------------ */

static void on_typed(char *line);

/* libedit shows the prompt and takes the terminal over. */
static void install(void)
{
    rl_callback_handler_install(prompt, on_typed);
    screen.shown = true;
}

/* libedit has given the terminal back: the line stands on the screen, the cursor below it. */
static void on_typed(char *line)
{
    screen.shown = false;
    if (line && *line) add_history(line);
    if (!line) putchar('\n');
    screen.on_line(screen.user, line);
    free(line);
    if (screen.watch) install();
}

static void on_key(weft_watch *w, unsigned events, void *user)
{
    (void)w;
    (void)events;
    (void)user;
    follow_size();
    rl_callback_read_char();
}

static void use_utf8(void)
{
    setlocale(LC_CTYPE, "");
    if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0) setlocale(LC_CTYPE, "C.UTF-8");
}

int screen_prompt(weft_loop *l, void (*on_line)(void *user, const char *line), void *user)
{
    screen.on_line = on_line;
    screen.user = user;
    int r = weft_watch_new(&screen.watch, l, STDIN_FILENO, WEFT_READABLE, on_key, NULL);
    if (r < 0) return r;

    use_utf8();
    rl_readline_name = "weft";
    rl_catch_signals = 0;
    rl_inhibit_completion = 1;
    rl_initialize();
    history_load();
    install();
    return 0;
}

void screen_restore(void)
{
    if (!screen.watch) return;
    weft_watch_free(screen.watch);
    screen.watch = NULL;
    erase_prompt();
    fflush(stdout);
    screen.shown = false;
    rl_callback_handler_remove();
    history_save();
}
