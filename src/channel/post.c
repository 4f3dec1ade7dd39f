/* SPDX-License-Identifier: MIT
 *
 * channel/post.c - a body becomes messages, which become a parcel
 *
 *      body -> one publication, or a batch of them -> struct post: messages, keys -> store -> {"position":P}
 *
 * Keys are parts of the request and of the batch, which are kept until it is answered.
 */
#include "channel/post.h"

#include "channel/answer.h"
#include "channel/batch.h"
#include "channel/bytes.h"
#include "channel/content.h"
#include "channel/hook.h"
#include "channel/rates.h"
#include "channel/store.h"

struct post {
    struct parcel parcel; /* first */
    visit *visit;
    struct batch batch;
    weft_message **messages;
    weft_bytes *keys;
    size_t n; /* of messages */
};

/* ---- messages -------------------------------------------------------------------------------- */

static void post_free(struct post *p)
{
    const weft_env *env = p->visit->channels->env;
    while (p->n) weft_message_unref(p->messages[--p->n]);
    hook_free(env, p->messages);
    hook_free(env, p->keys);
    batch_free(&p->batch);
    weft_topic_unref(p->parcel.topic);
    hook_free(env, p);
}

static int make_messages(struct post *p, const struct publication *from, size_t n)
{
    const weft_env *env = p->visit->channels->env;
    p->messages = hook_realloc(env, NULL, n * sizeof *p->messages);
    p->keys = hook_realloc(env, NULL, n * sizeof *p->keys);
    if (!p->messages || !p->keys) return -ENOMEM;
    for (; p->n < n; p->n++) {
        const struct publication *one = &from[p->n];
        p->keys[p->n] = one->key;
        int error =
            weft_message_new(&p->messages[p->n], env, one->op, one->payload.data, one->payload.len);
        if (error) return error;
    }
    return 0;
}

/* ---- what the body is ------------------------------------------------------------------------ */

static int read_one(struct post *p, enum content content, struct refusal *why)
{
    weft_request *r = p->visit->request;
    uint64_t most = p->visit->channels->cfg.max_message;
    struct publication one = {
        .op = content == CONTENT_TEXT ? WEFT_TEXT : WEFT_BINARY,
        .payload = weft_request_body(r),
        .key = weft_request_field(r, "Weft-Key"),
    };
    if (one.payload.len > most)
        return refusal_write(why, 413, "a message here has at most %llu bytes",
                             (unsigned long long)most);
    if (publication_check_key(one.key, why) < 0) return -1;
    return make_messages(p, &one, 1) < 0 ? refusal_no_memory(why) : 0;
}

static int read_many(struct post *p, struct refusal *why)
{
    visit *v = p->visit;
    if (batch_read(&p->batch, v->channels->env, weft_request_body(v->request),
                   name_bytes(&v->wish->name), v->channels->cfg.max_message, why) < 0)
        return -1;
    for (size_t i = 0; i < p->batch.n; i++)
        if (p->batch.messages[i].once.len)
            return refusal_write(why, 400,
                                 "a batch is published once as a whole: say Idempotency-Key in "
                                 "place of \"once\"");
    return make_messages(p, p->batch.messages, p->batch.n) < 0 ? refusal_no_memory(why) : 0;
}

static int read_body(struct post *p, struct refusal *why)
{
    enum content content;
    weft_request *r = p->visit->request;
    if (publication_check_once(weft_request_field(r, "Idempotency-Key"), why) < 0) return -1;
    weft_bytes type = weft_request_field(r, "Content-Type");
    if (content_of(&content, type, weft_request_body(r), why) < 0) return -1;
    return content == CONTENT_BATCH ? read_many(p, why) : read_one(p, content, why);
}

static int ask_rates(const struct post *p, struct refusal *why)
{
    const visit *v = p->visit;
    if (!v->channels->counts_publishing) return 0;
    const struct publisher publisher = {.request = v->request, .who = visit_who(v)};
    size_t bytes = 0;
    for (size_t i = 0; i < p->n; i++) bytes += weft_message_payload(p->messages[i]).len;
    uint64_t wait = rates_publish(v->channels, &publisher, p->n, bytes);
    return wait ? rates_refusal(why, wait) : 0;
}

/* ---- to the store and back ------------------------------------------------------------------- */

static void on_done(struct parcel *parcel)
{
    struct post *p = (struct post *)parcel; /* its first member */
    visit *v = p->visit;
    struct text body;
    struct refusal why;
    int error = parcel->error;
    weft_position at = parcel->at;
    post_free(p);
    if (error) {
        store_refusal(error, &why);
        visit_refuse(v, &why);
        return;
    }
    text_init(&body, v->channels->env);
    answer_position(&body, &at);
    visit_answer(v, &at, &body);
}

static void hand_in(struct post *p)
{
    p->parcel.channels = p->visit->channels;
    p->parcel.loop = visit_loop(p->visit);
    p->parcel.messages = p->messages;
    p->parcel.keys = p->keys;
    p->parcel.n = p->n;
    p->parcel.once = weft_request_field(p->visit->request, "Idempotency-Key");
    p->parcel.who = visit_who(p->visit);
    p->parcel.on_done = on_done;
    store_publish(&p->parcel);
}

void post_begin(visit *v)
{
    struct refusal why;
    struct post *p = hook_realloc(v->channels->env, NULL, sizeof *p);
    if (!p) {
        visit_no_memory(v);
        return;
    }
    *p = (struct post){.visit = v};
    if (read_body(p, &why) == 0 && ask_rates(p, &why) == 0 &&
        visit_find(v, &p->parcel.topic, &why) == 0) {
        hand_in(p);
        return;
    }
    post_free(p);
    visit_refuse(v, &why);
}
