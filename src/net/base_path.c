/* SPDX-License-Identifier: MIT
 *
 * net/base_path.c - a prefix of whole segments
 */
#include "net/base_path.h"

#include <string.h>

#include "base/alloc.h"
#include "base/bytes.h"
#include "base/log.h"
#include "base/strings.h"

static bool is_plain(uint8_t c)
{
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return letter || (c >= '0' && c <= '9') || (c && strchr("-._~", c));
}

/* Clients take dots alone for a way up. */
static bool is_segment(weft_bytes s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!is_plain(s.data[i])) return false;
    return s.len && !bytes_is(s, ".") && !bytes_is(s, "..");
}

static bool is_base(weft_bytes text)
{
    weft_bytes rest = bytes_from(text, 1);
    if (text.data[0] != '/' || !rest.len) return false;
    bool good = rest.data[rest.len - 1] != '/';
    while (rest.len && good) good = is_segment(bytes_cut(&rest, '/'));
    return good;
}

int base_path_new(char **out, const weft_env *env, const char *text)
{
    *out = NULL;
    weft_bytes base = text ? bytes_of(text) : (weft_bytes){0};
    if (base.len && base.data[base.len - 1] == '/') base.len--;
    if (!base.len) return 0;
    if (!is_base(base))
        return log_wrong(env,
                         "weft_server_config.base_path: \"%.80s\" is no base path: say \"/ws\" or "
                         "\"/a/b\", of letters, digits and -._~",
                         text);
    int error = string_copy(out, env, text);
    if (!error) (*out)[base.len] = '\0';
    return error;
}

enum base_path_is base_path_take(struct head *h, const char *base)
{
    weft_bytes path = h->path;
    size_t len = base ? strlen(base) : 0;
    if (!len) return BASE_PATH_WITHIN;
    bool below = path.len >= len && memcmp(path.data, base, len) == 0;
    h->path = (weft_bytes){0};
    if (!below || (path.len > len && path.data[len] != '/')) return BASE_PATH_OUTSIDE;
    h->base = (weft_bytes){path.data, len};
    h->path = path.len > len ? bytes_from(path, len) : bytes_of("/");
    return path.len > len ? BASE_PATH_WITHIN : BASE_PATH_BARE;
}
