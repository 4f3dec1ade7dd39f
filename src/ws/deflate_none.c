/* SPDX-License-Identifier: MIT
 *
 * ws/deflate_none.c - weft without compression: in place of deflate.c, extension.c, inflate.c, ratio.c and unpack.c
 *
 * What decides is at the top, and says no: no settings are kept, no offer is made or taken, and whatever a session is
 * told of an agreement, it does not compress. A compressed message is then one with a reserved bit set (rules.c). So
 * what comes below is never asked.
 */
#include <assert.h>

#include "ws/extension.h"
#include "ws/extension_list.h"
#include "ws/ratio.h"
#include "ws/session.h"

/* ---- nothing is agreed on -------------------------------------------------------------------- */

int deflate_take_at(const weft_env *env, weft_deflate *to, const weft_deflate **at, size_t size)
{
    int error = deflate_take(env, to, *at, size);
    *at = NULL;
    return error;
}

int weft_deflate_choose_sized(const weft_request_head *head, const weft_deflate *ours,
                              size_t ours_size, weft_deflate_params *agreed,
                              char text[WEFT_DEFLATE_TEXT])
{
    weft_deflate copy;
    (void)head;
    *agreed = (weft_deflate_params){0};
    *text = 0;
    return deflate_take(NULL, &copy, ours, ours_size);
}

int weft_deflate_offer_sized(const weft_deflate *deflate, size_t deflate_size,
                             char text[WEFT_DEFLATE_TEXT])
{
    weft_deflate copy;
    *text = 0;
    return deflate_take(NULL, &copy, deflate, deflate_size);
}

const char *extension_verify(const weft_field *fields, size_t n, const weft_deflate *offered,
                             weft_deflate_params *agreed)
{
    struct elements e = extension_list(fields, n);
    weft_bytes any;
    (void)offered;
    *agreed = (weft_deflate_params){0};
    if (!elements_next(&e, &any)) return NULL;
    return "the 101 uses an extension, and none was offered";
}

void weft_session_set_deflate(weft_session *s, const weft_deflate_params *agreed)
{
    (void)agreed;
    s->deflate = (weft_deflate_params){0};
}

/* ---- nothing is lent ------------------------------------------------------------------------- */

void deflater_free(struct deflater *d)
{
    assert(!d);
    (void)d;
}

void inflater_free(struct inflater *i)
{
    assert(!i);
    (void)i;
}

bool unpack_busy(const weft_session *s)
{
    (void)s;
    return false;
}

int unpack_settle(weft_session *s)
{
    (void)s;
    return 0;
}

uint64_t unpack_received(const weft_session *s)
{
    (void)s;
    return 0;
}

/* ---- never asked ----------------------------------------------------------------------------- */

size_t deflate_threshold(const weft_deflate *d)
{
    (void)d;
    return SIZE_MAX;
}

struct window *window_new(const weft_env *env, unsigned bits)
{
    (void)env, (void)bits;
    return NULL;
}

void window_add(struct window *w, const uint8_t *data, size_t n)
{
    (void)w, (void)data, (void)n;
}

struct deflater *deflater_new(const weft_env *env)
{
    (void)env;
    return NULL;
}

void deflater_trim(struct deflater *d)
{
    (void)d;
}

int deflater_run(struct deflater *d, unsigned bits, const struct window *history,
                 const struct pieces *message, weft_bytes *out)
{
    (void)d, (void)bits, (void)history, (void)message, (void)out;
    return 0;
}

int ratio_is_taken(weft_session_pool *pool, const weft_env *env, const struct window *history,
                   size_t len, weft_bytes small)
{
    (void)pool, (void)env, (void)history, (void)len, (void)small;
    return 0;
}

struct inflater *inflater_new(const weft_env *env)
{
    (void)env;
    return NULL;
}

int unpack_take(weft_session *s, weft_bytes payload, bool last)
{
    (void)payload, (void)last;
    return session_out_of_memory(s);
}

int unpack_piece(weft_session *s, bool last, weft_bytes *piece)
{
    (void)last, (void)piece;
    return session_out_of_memory(s);
}
