/* SPDX-License-Identifier: MIT
 *
 * cli/present.c - a count, and up to three lists of names
 */
#include "cli/present.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* What has no name, from a newer server, is left out. */
static void add_names(FILE *to, const char *before, const json_t *members)
{
    size_t i;
    const json_t *member;
    json_array_foreach(members, i, member)
    {
        const char *name = json_string_value(json_object_get(member, "client"));
        bool verified = json_is_true(json_object_get(member, "verified"));
        if (!name) continue;
        fprintf(to, "%s%s%s", before, name, verified ? "" : "?");
        before = ", ";
    }
}

char *present_text(const json_t *presence)
{
    char *text = NULL;
    size_t len;
    FILE *to = open_memstream(&text, &len);
    if (!to) return NULL;
    fprintf(to, "%lld here", (long long)json_integer_value(json_object_get(presence, "count")));
    add_names(to, ": ", json_object_get(presence, "members"));
    add_names(to, "; come: ", json_object_get(presence, "join"));
    add_names(to, "; gone: ", json_object_get(presence, "leave"));
    if (fclose(to) == 0) return text;
    free(text);
    return NULL;
}
