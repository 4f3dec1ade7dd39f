/* SPDX-License-Identifier: MIT
 *
 * hub/save.c - all topics, written down: epochs, offsets, and what is kept
 *
 * Of a topic the entries are held under its lock, and written without it.
 */
#include <string.h>

#include "hub/hook.h"
#include "hub/names.h"
#include "hub/saved.h"
#include "hub/topic.h"

/* A topic as it was at one moment. */
struct shot {
    uint64_t head, gone;
    size_t n_outlived, n;
    struct entry **entries; /* those that have outlived the ring come first */
};

static size_t count_outlived(const struct log *l)
{
    size_t n = 0;
    for (const struct entry *e = l->outlived; e; e = e->next) n++;
    return n;
}

/* Under the lock. -ENOMEM. */
static int take_shot(weft_topic *t, struct shot *s)
{
    struct log *l = &t->log;
    *s = (struct shot){
        .head = l->head, .gone = topic_gone_up_to(t), .n_outlived = count_outlived(l), .n = l->n};
    size_t i = 0, all = s->n_outlived + s->n;
    if (!all) return 0;
    s->entries = hook_realloc(t->hub->env, NULL, all * sizeof(struct entry *));
    if (!s->entries) return -ENOMEM;
    for (struct entry *e = l->outlived; e; e = e->next) s->entries[i++] = entry_ref(e);
    for (uint64_t o = log_tail(l) + 1; o <= l->head; o++) s->entries[i++] = entry_ref(log_at(l, o));
    return 0;
}

static void shot_free(struct shot *s, const weft_env *env)
{
    for (size_t i = 0; s->entries && i < s->n_outlived + s->n; i++) entry_unref(s->entries[i]);
    hook_free(env, s->entries);
}

static void pack_entry(struct packer *p, const weft_entry *e)
{
    pack_number(p, e->time, 8);
    pack_number(p, weft_message_opcode(e->message), 1);
    pack_bytes(p, e->key, 1);
    pack_bytes(p, weft_message_payload(e->message), 4);
}

static void pack_topic(struct packer *p, const weft_topic *t, const struct shot *s)
{
    pack_number(p, SAVED_TOPIC, 1);
    pack_bytes(p, weft_topic_name(t), 2);
    pack_bytes(p, (weft_bytes){(const uint8_t *)t->epoch, strlen(t->epoch)}, 1);
    pack_number(p, s->head, 8);
    pack_number(p, s->gone, 8);
    pack_number(p, s->n_outlived, 4);
    for (size_t i = 0; i < s->n_outlived; i++) {
        pack_number(p, s->entries[i]->seen.offset, 8);
        pack_entry(p, &s->entries[i]->seen);
    }
    pack_number(p, s->n, 4);
    for (size_t i = 0; i < s->n; i++) pack_entry(p, &s->entries[s->n_outlived + i]->seen);
}

static bool save_topic(weft_topic *t, void *packer)
{
    struct packer *p = packer;
    struct shot s;
    struct leaving old = {0};
    topic_lock(t);
    topic_expire(t, &old);
    p->error = take_shot(t, &s);
    topic_unlock(t);
    leaving_free(&old);
    if (!p->error) pack_topic(p, t, &s);
    shot_free(&s, t->hub->env);
    return !p->error;
}

int weft_hub_save(weft_hub *h, int (*write)(const void *data, size_t len, void *user), void *user)
{
    struct packer p = {.write = write, .user = user};
    pack_head(&p, SAVED_MAGIC, SAVED_VERSION);
    if (p.error) return p.error;
    int error = weft_topic_walk(h, (weft_bytes){0}, save_topic, &p);
    if (!error && !p.error) pack_number(&p, SAVED_END, 1);
    return error ? error : p.error;
}
