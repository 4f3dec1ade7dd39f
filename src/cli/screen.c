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
#include "cli/search.h"

static const char prompt[] = "> ";

static struct screen {
    void (*on_line)(void *user, const char *line);
    void *user;
    weft_watch *watch;
    bool shown;     /* the prompt is on the screen */
    bool searching; /* and the search stands in its place */
    struct search search;
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

static int width_of(const char *at, size_t len)
{
    int column = 0;
    const char *end = at + len;
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

static const char search_prompt[] = "(history) ";

/* What was found stands behind what is looked for. */
static const char *found(void)
{
    const char *line = search_found(&screen.search);
    return line ? line : "";
}

/* Columns that the prompt and the text before the cursor take. */
static int cursor_column(void)
{
    const struct search *s = &screen.search;
    if (!screen.searching)
        return (int)sizeof prompt - 1 + width_of(rl_line_buffer, (size_t)rl_point);
    return (int)sizeof search_prompt - 1 + width_of(s->wanted, s->len) + 2 +
           width_of(found(), strlen(found()));
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
    if (screen.searching) printf("%s%s: %s", search_prompt, screen.search.wanted, found());
    fflush(stdout);
    if (screen.shown && !screen.searching) rl_forced_update_display();
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
    printf("binary, %zu byte%s:", data.len, data.len == 1 ? "" : "s");
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

/* ---- the search ------------------------------------------------------------------------------ */

static int begin_search(int count, int key)
{
    (void)count;
    (void)key;
    erase_prompt();
    search_begin(&screen.search);
    screen.searching = true;
    draw_prompt();
    return 0;
}

/* What was found takes the place of what was typed. */
static void edit_found(void)
{
    char *line = strdup(found());
    if (!line) return;
    rl_callback_handler_remove();
    install();
    rl_insert_text(line);
    free(line);
}

static void send_found(void)
{
    char *line = strdup(found());
    if (!line) return;
    printf("%s%s\n", prompt, line);
    fflush(stdout);
    rl_callback_handler_remove();
    on_typed(line);
}

static void search_on(unsigned char key)
{
    erase_prompt();
    enum search_step step = search_key(&screen.search, key);
    screen.searching = step == SEARCH_GOES_ON;
    if (step == SEARCH_EDIT) edit_found();
    if (step == SEARCH_SEND) send_found();
    else draw_prompt();
}

/* One byte, so that what follows is libedit's when the search is over. */
static void read_search_key(void)
{
    unsigned char key;
    if (read(STDIN_FILENO, &key, 1) == 1) search_on(key);
    else search_on('\033');
}

static void on_key(weft_watch *w, unsigned events, void *user)
{
    (void)w;
    (void)events;
    (void)user;
    follow_size();
    if (screen.searching) read_search_key();
    else rl_callback_read_char();
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
    rl_add_defun("weft-search", begin_search, 'R' & 31);
    history_load();
    install();
    return 0;
}

/* libedit believes that the terminal is as it left it. */
void screen_again(void)
{
    if (!screen.shown) return;
    rl_deprep_terminal();
    rl_prep_terminal(1);
    draw_prompt();
}

void screen_restore(void)
{
    if (!screen.watch) return;
    weft_watch_free(screen.watch);
    screen.watch = NULL;
    erase_prompt();
    fflush(stdout);
    screen.shown = screen.searching = false;
    rl_callback_handler_remove();
    history_save();
}
