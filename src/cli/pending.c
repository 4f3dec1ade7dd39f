/* SPDX-License-Identifier: MIT
 *
 * cli/pending.c - a list, with a mark in it
 */
#include "cli/pending.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The object's text without its braces. */
static char *members_of(json_t *object)
{
    char *text = json_dumps(object, JSON_COMPACT);
    size_t len = text ? strlen(text) : 0;
    json_decref(object);
    if (!text) return NULL;
    memmove(text, text + 1, len - 1);
    text[len - 2] = '\0';
    return text;
}

int pending_add(struct pending *p, json_t *object)
{
    char *members = members_of(object);
    struct publication *one = members ? malloc(sizeof *one) : NULL;
    if (!one) {
        free(members);
        return -ENOMEM;
    }
    *one = (struct publication){.number = ++p->number, .len = strlen(members), .members = members};
    if (p->last) p->last->next = one;
    else p->first = one;
    p->last = one;
    if (!p->unsent) p->unsent = one;
    p->n++;
    p->bytes += one->len;
    return 0;
}

void pending_is_sent(struct pending *p)
{
    p->n_sent++;
    p->bytes_sent += p->unsent->len;
    p->unsent = p->unsent->next;
}

void pending_take(struct pending *p)
{
    struct publication *one = p->first;
    if (p->unsent == one) {
        p->unsent = one->next;
    } else {
        p->n_sent--;
        p->bytes_sent -= one->len;
    }
    p->first = one->next;
    if (!p->first) p->last = NULL;
    p->n--;
    p->bytes -= one->len;
    free(one->members);
    free(one);
}

void pending_rewind(struct pending *p)
{
    p->unsent = p->first;
    p->n_sent = p->bytes_sent = 0;
}

void pending_drop_unsent(struct pending *p)
{
    struct pending rest = {.first = p->unsent, .last = p->last, .unsent = p->unsent};
    rest.n = p->n - p->n_sent;
    struct publication **end = &p->first;
    p->last = NULL;
    for (; *end != p->unsent; end = &(*end)->next) p->last = *end;
    *end = p->unsent = NULL;
    p->n = p->n_sent;
    p->bytes = p->bytes_sent;
    pending_free(&rest);
}

void pending_free(struct pending *p)
{
    while (p->first) pending_take(p);
}
