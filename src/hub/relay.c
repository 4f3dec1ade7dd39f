/* SPDX-License-Identifier: MIT
 *
 * hub/relay.c - what a connection says, published; and kept while it waits for its turn
 */
#include "hub/relay.h"

#include <string.h>

#include "hub/hook.h"
#include "hub/publish.h"

struct relay {
    weft_link link;
    weft_turn turn;
    weft_conn *conn;
    weft_topic *topic;
    weft_message *message;
};

static const weft_env *env_of(const struct relay *r)
{
    return weft_loop_env(weft_conn_loop(r->conn));
}

static void relay_free(struct relay *r)
{
    weft_message_unref(r->message);
    weft_topic_unref(r->topic);
    hook_free(env_of(r), r);
}

static void on_gone(weft_link *link)
{
    struct relay *r = (struct relay *)link; /* its first member */
    weft_turn_cancel(&r->turn);
    relay_free(r);
}

static const weft_link_type relays = {.on_gone = on_gone};

static int publish(weft_topic *t, weft_message *m)
{
    return weft_topic_publish(t, m, (weft_bytes){0}, NULL);
}

static struct relay *relay_of(weft_turn *turn)
{
    return (struct relay *)(void *)((char *)turn - offsetof(struct relay, turn));
}

/* Nobody is there any more to be told of an error. */
static void on_turn(weft_turn *turn)
{
    struct relay *r = relay_of(turn);
    weft_conn *c = r->conn;
    weft_conn_unlink(c, &r->link);
    int error = publish(r->topic, r->message);
    relay_free(r);
    if (error) weft_close(c, WEFT_CLOSE_INTERNAL_ERROR, weft_strerror(error));
    else weft_resume(c);
}

void relay_end(weft_turn *turn)
{
    weft_turn_cancel(turn);
    if (turn->on_turn != on_turn) return;
    struct relay *r = relay_of(turn);
    weft_conn_unlink(r->conn, &r->link);
    weft_resume(r->conn);
    relay_free(r);
}

static int keep(weft_topic *t, weft_conn *c, weft_message *m)
{
    const weft_env *env = weft_loop_env(weft_conn_loop(c));
    struct relay *r = hook_realloc(env, NULL, sizeof *r);
    if (!r) return -ENOMEM;
    *r = (struct relay){.link = {.owner = t->hub, .type = &relays},
                        .turn.on_turn = on_turn,
                        .conn = c,
                        .topic = weft_topic_ref(t),
                        .message = weft_message_ref(m)};
    int error = weft_topic_wait(t, weft_conn_loop(c), &r->turn);
    if (error) {
        relay_free(r);
        return error;
    }
    weft_conn_link(c, &r->link);
    weft_pause(c);
    return 0;
}

static int relay(weft_topic *t, weft_conn *c, weft_opcode op, const void *data, size_t len)
{
    weft_message *m;
    int error = weft_message_new(&m, t->hub->env, op, data, len);
    if (error) return error;
    error = publish(t, m);
    if (error == WEFT_ERR_BACKLOG) error = keep(t, c, m);
    weft_message_unref(m);
    return error;
}

int weft_publish_from(weft_hub *h, weft_conn *c, const char *topic, weft_opcode op,
                      const void *data, size_t len)
{
    weft_topic *t;
    if (op != WEFT_TEXT && op != WEFT_BINARY) return -EINVAL;
    if (weft_conn_find_link(c, h)) return WEFT_ERR_BACKLOG;
    int error = publish_find(h, topic, &t);
    if (error || !t) return error;
    error = relay(t, c, op, data, len);
    weft_topic_unref(t);
    return error;
}
