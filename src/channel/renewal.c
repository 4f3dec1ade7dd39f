/* SPDX-License-Identifier: MIT
 *
 * channel/renewal.c - another pass for a connection, and what it may do by that
 *
 *      token -> the program -> pass, rights -> what it reads and sees beside its URL's channel is asked about again
 *
 * Who it is may not change: what was published under the name before, and who is told to be there, stays true. What is
 * not allowed any more ends, and is said: {"channel":C,"error":{...}}.
 */
#include "channel/renewal.h"

#include <string.h>

#include "channel/answer.h"
#include "channel/bytes.h"
#include "channel/guest.h"
#include "channel/hook.h"
#include "channel/pass.h"
#include "channel/pattern.h"
#include "channel/rights.h"
#include "channel/seeing.h"
#include "channel/subscription.h"

/* ---- what it does beside its URL's channel --------------------------------------------------- */

/* One thing that goes on, about which the program is asked again. */
struct again {
    weft_channel_ask asks;   /* first */
    struct session *session; /* held */
    uint16_t renewals;       /* of it, when this was asked */
    struct name name;
};

static void again_free(struct again *a)
{
    struct session *s = a->session;
    hook_free(s->channels->env, a);
    session_unref(s);
}

static void still_granted(weft_channel_ask *asks, unsigned rights)
{
    struct again *a = (struct again *)asks;
    struct session *s = a->session;
    bool is_current =
        s->conn && a->renewals == s->renewals; /* else it is asked once more already */
    if (is_current) grants_keep(&s->grants, s->channels->env, &a->name, rights);
    again_free(a);
}

static void stop(struct session *s, const struct again *a)
{
    weft_bytes name = name_bytes(&a->name);
    if (a->asks.needs == WEFT_RIGHT_PATTERN) pattern_end(s, name);
    else if (a->asks.needs == WEFT_RIGHT_PRESENCE) session_look_away(s, name);
    else session_leave(s, bytes_same, name, FOR_ITSELF | FOR_PATTERN);
}

static void not_any_more(weft_channel_ask *asks, const struct refusal *why)
{
    struct again *a = (struct again *)asks;
    struct session *s = a->session;
    struct text t;
    if (s->conn && a->renewals == s->renewals) {
        stop(s, a);
        text_init(&t, s->channels->env);
        answer_not_joined(&t, name_bytes(&a->name), why);
        session_say(s, &t);
    }
    again_free(a);
}

/* Who cannot be asked about is not read on. */
static void ask_again(struct session *s, weft_bytes name, unsigned needs)
{
    struct again *a = hook_realloc(s->channels->env, NULL, sizeof *a);
    if (!a) {
        weft_close(s->conn, WEFT_CLOSE_TRY_AGAIN_LATER, "out of memory");
        return;
    }
    *a = (struct again){.session = s, .renewals = s->renewals, .name.len = name.len};
    memcpy(a->name.text, name.data, name.len);
    a->asks = (weft_channel_ask){
        .channels = s->channels,
        .name = name_bytes(&a->name),
        .needs = needs,
        .conn = s->conn,
        .granted = still_granted,
        .refused = not_any_more,
    };
    s->refs++;
    rights_ask(&a->asks);
}

static void look_again(struct session *s, weft_bytes name, unsigned needs)
{
    if (needs & ~session_rights_on(s, name)) ask_again(s, name, needs);
}

static void ask_all_again(struct session *s)
{
    session_each_pattern(s, look_again);
    session_each_read(s, look_again);
    session_each_seen(s, look_again);
}

/* ---- the token ------------------------------------------------------------------------------- */

struct renewal {
    weft_channel_ask asks;   /* first */
    struct session *session; /* held */
    size_t id_len, token_len;
    uint8_t texts[];
};

static weft_bytes id_of(const struct renewal *r)
{
    return (weft_bytes){r->texts, r->id_len};
}

static void end(struct renewal *r)
{
    struct session *s = r->session;
    s->asks = false;
    if (s->conn) session_flow(s);
    hook_free(s->channels->env, r);
    session_unref(s);
}

/* Who was nobody may become somebody. */
static bool is_same(struct who before, struct who now)
{
    if (!before.verified) return true;
    return now.verified && strcmp(before.name, now.name) == 0;
}

static void take_over(struct session *s, struct pass *pass, unsigned rights)
{
    bool was_known = session_who(s).verified;
    pass_leaves_conn(s->conn);
    pass_on_conn(pass, s->conn, session_warn);
    s->rights = (uint8_t)rights;
    s->renewals++;
    grants_forget(&s->grants, s->channels->env);
    if (!was_known) session_is_known(s);
    ask_all_again(s);
}

static void say_done(const struct renewal *r)
{
    struct text t;
    if (!r->id_len) return;
    text_init(&t, r->session->channels->env);
    answer_renewed(&t, id_of(r), pass_left_ms(pass_of_conn(r->session->conn)));
    session_say(r->session, &t);
}

static void granted(weft_channel_ask *a, unsigned rights)
{
    static const char words[] = "this token is somebody else's: open another connection for it";
    struct renewal *r = (struct renewal *)a;
    struct session *s = r->session;
    struct refusal why;
    struct pass *pass = a->pass;
    if (s->conn && is_same(session_who(s), pass_who(pass, NULL))) {
        take_over(s, pass, rights);
        say_done(r);
    } else {
        pass_free(pass);
        refusal_write(&why, 403, "%s", words);
        if (s->conn) session_refuse(s, id_of(r), &why);
    }
    end(r);
}

static void refused(weft_channel_ask *a, const struct refusal *why)
{
    struct renewal *r = (struct renewal *)a;
    if (r->session->conn) session_refuse(r->session, id_of(r), why);
    end(r);
}

static struct renewal *make(struct session *s, const struct command *c)
{
    struct renewal *r = hook_realloc(s->channels->env, NULL, sizeof *r + c->id.len + c->token.len);
    if (!r) return NULL;
    *r = (struct renewal){.session = s, .id_len = c->id.len, .token_len = c->token.len};
    if (c->id.len) memcpy(r->texts, c->id.data, c->id.len);
    memcpy(r->texts + c->id.len, c->token.data, c->token.len);
    return r;
}

void session_renew(struct session *s, const struct command *c)
{
    struct refusal why;
    bool is_asked = s->channels->cfg.on_ask;
    struct renewal *r = is_asked ? make(s, c) : NULL;
    if (!r) {
        if (is_asked) refusal_no_memory(&why);
        else refusal_write(&why, 400, "nobody looks at tokens here: everybody may do the same");
        session_refuse(s, c->id, &why);
        return;
    }
    weft_bytes own = weft_topic_name(s->topic);
    r->asks = (weft_channel_ask){
        .channels = s->channels,
        .name = own,
        .needs = session_reads(s, own, 0) ? WEFT_RIGHT_READ : 0,
        .conn = s->conn,
        .token = {r->texts + r->id_len, r->token_len},
        .granted = granted,
        .refused = refused,
    };
    s->refs++;
    s->asks = true;
    rights_ask(&r->asks);
}
