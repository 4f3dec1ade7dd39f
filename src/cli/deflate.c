/* SPDX-License-Identifier: MIT
 *
 * cli/deflate.c - the three words
 */
#include "cli/deflate.h"

#include <string.h>

#include "cli/cli.h"

const char *const deflate_words[] = {"off", "shared", "takeover", NULL};

int deflate_parse(const char *text, const weft_deflate **out)
{
    static const weft_deflate shared, takeover = {.takeover = true};
    *out = NULL;
    if (!text || !strcmp(text, "shared")) *out = &shared;
    else if (!strcmp(text, "takeover")) *out = &takeover;
    else if (strcmp(text, "off") != 0)
        return complain("--deflate: \"%s\" is not off, shared or takeover", text);
    return 0;
}
