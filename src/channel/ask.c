/* SPDX-License-Identifier: MIT
 *
 * channel/ask.c - what is meant, and then whether every parameter goes with that
 */
#include "channel/ask.h"

#include "channel/accept.h"
#include "channel/bytes.h"

enum {
    PLACE = PARAM_SINCE | PARAM_LAST | PARAM_CLIENT,
    ANY = ~0u >> 1,
};

static const struct kind {
    const char *words;
    unsigned may; /* of enum param */
} kinds[] = {
    [ASK_SOCKET] = {"a WebSocket without weft.v1", PLACE | PARAM_SUBSCRIBE},
    [ASK_SOCKET_V1] = {"a WebSocket", PLACE | PARAM_SUBSCRIBE | PARAM_PRESENCE},
    [ASK_SSE] = {"a stream of events", PLACE | PARAM_STREAM | PARAM_PRESENCE},
    [ASK_STREAM] = {"\"stream\"", PLACE | PARAM_STREAM | PARAM_PRESENCE},
    [ASK_STREAM_RAW] = {"\"stream=raw\"", PLACE | PARAM_STREAM},
    [ASK_WAIT] = {"\"wait\"", PLACE | PARAM_WAIT},
    [ASK_PRESENCE] = {"\"presence\"", PARAM_CLIENT | PARAM_PRESENCE},
    [ASK_POLL] = {"a poll", PLACE},
    [ASK_PAGE] = {"a page", PARAM_CLIENT},
    [ASK_LOOK] = {"a single answer", PARAM_CLIENT},
    [ASK_POSITION] = {"HEAD", ANY},
    [ASK_PUBLISH] = {"POST", PARAM_CLIENT},
    [ASK_DROP] = {"DELETE", PARAM_CLIENT},
    [ASK_OPTIONS] = {"OPTIONS", ANY},
};

/* ---- whether parameters go with it ----------------------------------------------------------- */

static int refuse_param(unsigned bits, const char *kind, struct refusal *why)
{
    unsigned lowest = bits & (~bits + 1);
    return refusal_write(why, 400, "\"%s\" in the URL does not go with %s: leave one of them out",
                         param_name((enum param)lowest), kind);
}

/* "presence" alone is answered once and "presence=events" goes on; so must what they come with. */
static int check_presence(enum ask ask, const struct params *p, struct refusal *why)
{
    bool once = ask == ASK_PRESENCE;
    if (ask == ASK_POSITION || ask == ASK_OPTIONS || !(p->said & PARAM_PRESENCE)) return 0;
    if (once || p->presence_events) return 0;
    return refusal_write(why, 400,
                         "\"presence\" is answered once, and %s goes on: say \"presence=events\"",
                         kinds[ask].words);
}

static int check(enum ask ask, const struct params *p, struct refusal *why)
{
    unsigned wrong = p->said & ~kinds[ask].may;
    if (wrong) return refuse_param(wrong, kinds[ask].words, why);
    if (ask <= ASK_SOCKET_V1 && p->subscribe_no && p->said & (PARAM_SINCE | PARAM_LAST))
        return refuse_param(p->said & (PARAM_SINCE | PARAM_LAST), "\"subscribe=no\"", why);
    return check_presence(ask, p, why);
}

/* ---- what is meant --------------------------------------------------------------------------- */

static enum ask ask_of_get(weft_bytes accept, const struct params *p)
{
    bool streams = p->said & PARAM_STREAM;
    if (accept_names(accept, "text/event-stream")) return ASK_SSE;
    if (streams && p->stream == STREAM_SSE) return ASK_SSE;
    if (streams) return p->stream == STREAM_RAW ? ASK_STREAM_RAW : ASK_STREAM;
    if (p->said & PARAM_WAIT) return ASK_WAIT;
    if (p->said & PARAM_PRESENCE && !p->presence_events) return ASK_PRESENCE;
    if (p->said & (PARAM_SINCE | PARAM_LAST)) return ASK_POLL;
    return accept_names(accept, "text/html") ? ASK_PAGE : ASK_LOOK;
}

int ask_of_request(enum ask *out, weft_bytes method, weft_bytes accept, const struct params *p,
                   struct refusal *why)
{
    static const struct {
        const char *name;
        enum ask ask;
    } others[] = {{"HEAD", ASK_POSITION},
                  {"POST", ASK_PUBLISH},
                  {"DELETE", ASK_DROP},
                  {"OPTIONS", ASK_OPTIONS}};
    size_t i = 0, n = sizeof others / sizeof *others;
    if (bytes_are(method, "GET")) {
        *out = ask_of_get(accept, p);
        return check(*out, p, why);
    }
    while (i < n && !bytes_are(method, others[i].name)) i++;
    if (i == n)
        return refusal_write(why, 405,
                             "a channel knows the methods " ASK_METHODS ", and no others");
    *out = others[i].ask;
    return check(*out, p, why);
}

int ask_of_upgrade(enum ask *out, bool v1, const struct params *p, struct refusal *why)
{
    *out = v1 ? ASK_SOCKET_V1 : ASK_SOCKET;
    return check(*out, p, why);
}
