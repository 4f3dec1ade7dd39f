/* SPDX-License-Identifier: MIT
 *
 * cli/yaml.c - libyaml's events become ours, and its complaints sentences
 */
#include "cli/yaml.h"

#include <stdio.h>
#include <string.h>

static enum yaml_kind fail(struct yaml *y, yaml_mark_t at, const char *why)
{
    y->kind = YAML_WRONG;
    y->line = at.line + 1;
    y->column = at.column + 1;
    snprintf(y->why, sizeof y->why, "%s", why);
    return y->kind;
}

bool yaml_open(struct yaml *y, const void *bytes, size_t len)
{
    *y = (struct yaml){.kind = YAML_OVER};
    if (!yaml_parser_initialize(&y->parser)) return false;
    yaml_parser_set_input_string(&y->parser, bytes, len);
    yaml_parser_set_encoding(&y->parser, YAML_UTF8_ENCODING);
    if (len > YAML_SIZE_MAX) (void)fail(y, (yaml_mark_t){0}, "it is larger than 1 MiB");
    return true;
}

void yaml_close(struct yaml *y)
{
    yaml_event_delete(&y->event);
    yaml_parser_delete(&y->parser);
}

/* What libyaml says, and what is mostly meant by it: an unquoted star, bracket or at-sign, a tab. */
static enum yaml_kind syntax(struct yaml *y)
{
    const yaml_parser_t *p = &y->parser;
    const char *what = p->problem ? p->problem : "it is no YAML";
    bool star = p->context && strstr(p->context, "alias");
    bool bracket = strstr(what, "node content");
    bool begins = strstr(what, "cannot start any token");
    const char *hint = star      ? "; what begins with a star stands in quotes: '*:443'"
                       : bracket ? "; what begins with [ or { stands in quotes: '[::1]:443'"
                       : begins  ? "; quotes around it may help, and tabs do not indent"
                                 : "";
    char why[YAML_WHY];
    if (p->error == YAML_READER_ERROR) {
        snprintf(why, sizeof why, "byte %zu: %s", p->problem_offset, what);
        return fail(y, p->mark, why);
    }
    snprintf(why, sizeof why, "%s%s", what, hint);
    return fail(y, p->problem_mark, why);
}

static enum yaml_kind begin(struct yaml *y, enum yaml_kind kind)
{
    if (++y->depth > YAML_DEPTH_MAX) return fail(y, y->event.start_mark, "it is nested too deeply");
    return kind;
}

static enum yaml_kind end(struct yaml *y)
{
    y->depth--;
    return YAML_END;
}

static enum yaml_kind text(struct yaml *y)
{
    y->text = (const char *)y->event.data.scalar.value;
    y->len = y->event.data.scalar.length;
    y->plain = y->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    if (memchr(y->text, '\0', y->len)) return fail(y, y->event.start_mark, "a text holds no NUL");
    return YAML_TEXT;
}

/* Whether it is called something, for others to point to, or of a kind of its own. */
static bool is_marked(const yaml_event_t *e)
{
    switch (e->type) {
    case YAML_SCALAR_EVENT: return e->data.scalar.anchor || e->data.scalar.tag;
    case YAML_SEQUENCE_START_EVENT:
        return e->data.sequence_start.anchor || e->data.sequence_start.tag;
    case YAML_MAPPING_START_EVENT: return e->data.mapping_start.anchor || e->data.mapping_start.tag;
    default: return e->type == YAML_ALIAS_EVENT;
    }
}

static enum yaml_kind translate(struct yaml *y, bool *silent)
{
    yaml_event_t *e = &y->event;
    *silent = false;
    if (is_marked(e))
        return fail(
            y, e->start_mark,
            "there are no aliases, anchors and tags here; what begins with *, & or ! stands in quotes");
    switch (e->type) {
    case YAML_SCALAR_EVENT: return text(y);
    case YAML_MAPPING_START_EVENT: return begin(y, YAML_MAPPING);
    case YAML_SEQUENCE_START_EVENT: return begin(y, YAML_SEQUENCE);
    case YAML_MAPPING_END_EVENT:
    case YAML_SEQUENCE_END_EVENT: return end(y);
    case YAML_STREAM_END_EVENT: return YAML_OVER;
    default: *silent = true; return YAML_OVER; /* documents and the stream begin and end */
    }
}

static bool is_second_document(struct yaml *y)
{
    if (y->event.type != YAML_DOCUMENT_START_EVENT) return false;
    return y->documents++ > 0;
}

enum yaml_kind yaml_next(struct yaml *y)
{
    bool silent = true;
    while (silent && y->kind != YAML_WRONG && !y->parser.stream_end_produced) {
        yaml_event_delete(&y->event);
        if (!yaml_parser_parse(&y->parser, &y->event)) return syntax(y);
        if (is_second_document(y))
            return fail(y, y->event.start_mark, "there is one document only");
        y->line = y->event.start_mark.line + 1;
        y->column = y->event.start_mark.column + 1;
        y->kind = translate(y, &silent);
    }
    return y->kind;
}

void yaml_skip(struct yaml *y)
{
    bool holds = y->kind == YAML_MAPPING || y->kind == YAML_SEQUENCE;
    for (unsigned outside = y->depth - 1; holds && y->depth > outside;)
        if (yaml_next(y) == YAML_WRONG) return;
}
