/* SPDX-License-Identifier: MIT
 *
 * channel/poll.c - messages are written first, because what stands in front of them says how many there are
 */
#include "channel/poll.h"

#include "channel/envelope.h"
#include "channel/json.h"

/* All of an answer but its channel and its messages, at most. */
enum { AROUND = 160 };

void poll_init(struct poll *p, const weft_env *env, weft_bytes channel, const weft_seek *seek)
{
    *p = (struct poll){.channel = channel, .at = seek->at, .lost = seek->lost};
    text_init(&p->messages, env);
}

void poll_deinit(struct poll *p)
{
    text_deinit(&p->messages);
}

/* A control character is six bytes as JSON. */
static bool is_full(const struct poll *p)
{
    return p->messages.len + 6 * p->channel.len + AROUND > POLL_BYTES_MAX;
}

bool poll_add(struct poll *p, const weft_entry *e, uint64_t skipped)
{
    size_t before = p->messages.len;
    p->cut = p->cut || p->n == POLL_MESSAGES_MAX;
    if (p->cut) return false;
    if (p->n) text_add(&p->messages, ",", 1);
    envelope_message(&p->messages, p->channel, p->at.epoch, e, skipped);
    p->cut = p->n && is_full(p);
    if (p->cut) {
        p->messages.len = before;
        return false;
    }
    p->n++;
    p->at.offset = e->offset;
    return true;
}

void poll_end(const struct poll *p, bool more, struct text *to)
{
    text_add_words(to, "{\"channel\":");
    json_add_string(to, p->channel);
    text_add_words(to, ",\"position\":");
    envelope_add_position(to, &p->at);
    text_add_words(to, ",\"messages\":[");
    text_add(to, p->messages.data, p->messages.len);
    text_add(to, "]", 1);
    if (p->lost) {
        text_add(to, ",", 1);
        envelope_add_lost(to, p->lost);
    }
    text_add_words(to, p->cut || more ? ",\"more\":true}" : "}");
    to->failed = to->failed || p->messages.failed;
}
