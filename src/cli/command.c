/* SPDX-License-Identifier: MIT
 *
 * cli/command.c - what a line means that is typed at the interactive prompt
 */
#include "cli/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weft/session.h>

#include "cli/nearest.h"

const char command_help[] =
    "/ping [TEXT]             send a ping\n"
    "/close [CODE [REASON]]   close; CODE is 1000 or 3000 to 4999\n"
    "/help                    this\n"
    "//text                   send \"/text\"\n"
    "Ctrl-R searches what was typed, which is kept in ~/.local/state/weft/history\n"
    "Ctrl-D closes, Ctrl-C too (twice: without waiting)";

static weft_bytes bytes(const char *text)
{
    return (weft_bytes){(const uint8_t *)text, strlen(text)};
}

static void bad(struct command *c, const char *format, const char *word, const char *more)
{
    c->kind = COMMAND_BAD;
    snprintf(c->why, sizeof c->why, format, word, more);
}

static void parse_ping(struct command *c, const char *rest)
{
    c->kind = COMMAND_PING;
    c->text = bytes(rest);
    if (c->text.len > 125) bad(c, "%s%s", "a ping carries at most 125 bytes", "");
}

static void parse_close(struct command *c, const char *rest)
{
    c->kind = COMMAND_CLOSE;
    c->code = WEFT_CLOSE_NORMAL;
    if (!*rest) return;

    char *end;
    unsigned long code = strtoul(rest, &end, 10);
    if (end == rest || (*end && *end != ' ') || code < 1000 || code > 4999) {
        bad(c, "\"%.40s\" does not begin with a status code: 1000, or 3000 to 4999%s", rest, "");
        return;
    }
    c->code = (uint16_t)code;
    end += strspn(end, " ");
    if (*end) c->text = bytes(end);
}

static void parse_unknown(struct command *c, const char *name)
{
    struct nearest n = nearest_to(name);
    nearest_try(&n, "ping");
    nearest_try(&n, "close");
    nearest_try(&n, "help");
    if (n.best) bad(c, "there is no command /%.40s; did you mean /%s?", name, n.best);
    else bad(c, "there is no command /%.40s; //%.40s sends it as text", name, name);
}

void command_parse(struct command *c, const char *line)
{
    *c = (struct command){.kind = COMMAND_NOTHING};
    if (!*line) return;
    if (line[0] != '/' || line[1] == '/') {
        c->kind = COMMAND_SEND;
        c->text = bytes(line[0] == '/' ? line + 1 : line);
        return;
    }
    char name[64];
    size_t len = strcspn(line + 1, " ");
    snprintf(name, sizeof name, "%.*s", (int)len, line + 1);
    const char *rest = line + 1 + len;
    rest += strspn(rest, " ");

    if (!strcmp(name, "ping")) parse_ping(c, rest);
    else if (!strcmp(name, "close")) parse_close(c, rest);
    else if (!strcmp(name, "help")) c->kind = COMMAND_HELP;
    else parse_unknown(c, name);
}
