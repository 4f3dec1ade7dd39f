/* SPDX-License-Identifier: MIT
 *
 * net/ws/letter.c - a message from another thread, to a connection that may be gone by then
 */
#include <errno.h>

#include "net/siblings.h"
#include "net/ws/conn.h"

struct letter {
    struct post post;
    weft_loop *loop;
    weft_id to;
    weft_message *message;
};

/* The sender is in another thread and hears of nothing. */
static void open_letter(struct post *p)
{
    struct letter *letter = container_of(p, struct letter, post);
    weft_conn *c = weft_conn_find(letter->loop, letter->to);
    if (c) (void)weft_deliver(c, letter->message);
    weft_message_unref(letter->message);
    mem_free(weft_loop_env(letter->loop), letter);
}

int weft_post(weft_loop *l, weft_id id, weft_message *m)
{
    weft_loop *at = siblings_find(l, id);
    if (!at) return 0;
    struct letter *letter = mem_alloc(weft_loop_env(l), sizeof *letter);
    if (!letter) return -ENOMEM;
    *letter = (struct letter){.loop = at, .to = id, .message = weft_message_ref(m)};
    letter->post.run = open_letter;
    loop_post(at, &letter->post);
    return 0;
}
