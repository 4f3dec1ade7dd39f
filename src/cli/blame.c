/* SPDX-License-Identifier: MIT
 *
 * cli/blame.c - what went wrong, by cause, and how often
 */
#include "cli/blame.h"

#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/outcome.h"

static struct blame_entry *find(struct blame *b, const char *cause)
{
    for (size_t i = 0; i < b->n; i++)
        if (!strcmp(b->entries[i].cause, cause)) return &b->entries[i];
    if (b->n == BLAME_MAX) return NULL;
    struct blame_entry *e = &b->entries[b->n++];
    snprintf(e->cause, sizeof e->cause, "%s", b->n == BLAME_MAX ? "others" : cause);
    return e;
}

static void add(struct blame *b, const struct blame_entry *what)
{
    struct blame_entry *e = find(b, what->cause);
    if (!e) e = &b->entries[BLAME_MAX - 1];
    if (!e->count) {
        memcpy(e->words, what->words, sizeof e->words);
        e->exit = what->exit;
    }
    e->count += what->count;
}

void blame_add(struct blame *b, const char *cause, const char *words, int exit)
{
    struct blame_entry e = {.count = 1, .exit = exit};
    snprintf(e.cause, sizeof e.cause, "%s", cause);
    snprintf(e.words, sizeof e.words, "%s", words);
    add(b, &e);
}

void blame_error(struct blame *b, int error)
{
    blame_add(b, weft_errname(error), weft_strerror(error), outcome_exit_connect(error));
}

/* Cut to fit, and without a line feed behind it. */
static void print(char *text, size_t size, weft_bytes what)
{
    while (what.len && (what.data[what.len - 1] == '\n' || what.data[what.len - 1] == '\r'))
        what.len--;
    snprintf(text, size, "%.*s", (int)what.len, what.len ? (const char *)what.data : "");
}

static void add_refusal(struct blame *b, const weft_close_info *info, int exit)
{
    char cause[32], words[160];
    const char *who = info->error == WEFT_ERR_PROXY ? "proxy status" : "status";
    snprintf(cause, sizeof cause, "%s %d", who, info->refusal->status);
    print(words, sizeof words, info->refusal->body);
    blame_add(b, cause, words, exit);
}

static void add_code(struct blame *b, const weft_close_info *info, int exit)
{
    char cause[32], words[160];
    snprintf(cause, sizeof cause, "close %u", info->code);
    print(words, sizeof words, info->reason);
    if (!info->reason.len) snprintf(words, sizeof words, "%s", outcome_words(info->code));
    blame_add(b, cause, words, exit);
}

void blame_close(struct blame *b, const weft_close_info *info, bool opened)
{
    int exit = outcome_exit(info, opened);
    if (info->refusal) add_refusal(b, info, exit);
    else if (info->error) blame_add(b, weft_errname(info->error), info->cause, exit);
    else add_code(b, info, exit ? exit : EXIT_LOST);
}

void blame_merge(struct blame *into, const struct blame *from)
{
    for (size_t i = 0; i < from->n; i++) add(into, &from->entries[i]);
}

uint64_t blame_total(const struct blame *b)
{
    uint64_t total = 0;
    for (size_t i = 0; i < b->n; i++) total += b->entries[i].count;
    return total;
}
