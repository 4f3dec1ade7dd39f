/* SPDX-License-Identifier: MIT
 *
 * access/decide.c - first who, then whether
 */
#include "access/decide.h"

#include "access/jwt.h"
#include "access/signed.h"
#include "access/text.h"

static const char anonymous[] = "Bearer", invalid[] = "Bearer error=\"invalid_token\"";

static bool refuse(struct access_verdict *v, int status, const char *challenge)
{
    v->status = status;
    v->challenge = challenge;
    v->rights = 0;
    return false;
}

/* ---- who ------------------------------------------------------------------------------------- */

/* Of a cookie: the page that made the browser send it is ours, or one that may, which who has asked us has looked at.
   */
static bool says_whence(const struct access_facts *f)
{
    return f->origin.len || text_is(f->fetch_site, "same-origin") || text_is(f->fetch_site, "none");
}

static bool by_token(struct access_verdict *v, const struct access_facts *f,
                     const struct found *found, const struct keyring *ring,
                     const struct claims_policy *policy)
{
    if (found->place == PLACE_COOKIE && !says_whence(f)) {
        why_say(
            &v->why,
            "a token in a cookie counts only with Origin, or with Sec-Fetch-Site, which browsers send: show "
            "it as Authorization: Bearer");
        return refuse(v, 403, NULL);
    }
    if (found->place == PLACE_AUTHORIZATION &&
        (v->identity = api_keys_check(&ring->api, found->token)))
        return true;
    if (ring->tokens.n)
        v->identity = jwt_check(found->token, &ring->tokens, policy, f->now_s, &v->why);
    else why_say(&v->why, "that is no key of this server's");
    return v->identity || refuse(v, 401, invalid);
}

/* A token in place of one that ends belongs to the same user. */
static bool may_replace(struct access_verdict *v, const struct access_facts *f)
{
    if (!f->known || !f->known->user.len || text_equal(f->known->user, v->identity->user))
        return true;
    why_say(&v->why, "the new token is of another user: who is somebody else connects anew");
    return refuse(v, 403, NULL);
}

static bool find_out(struct access_verdict *v, const struct access_facts *f,
                     const struct keyring *ring, const struct claims_policy *policy)
{
    struct found found = {.place = PLACE_NONE};
    if (ring->tokens.n || ring->api.n) place_find(&found, &f->places);
    if (found.place != PLACE_NONE && found.place != PLACE_COOKIE)
        return by_token(v, f, &found, ring, policy) && may_replace(v, f);
    int r = signed_check(f->places.query, f->channel, &ring->urls, f->now_s, &v->identity, &v->why);
    if (r) return r > 0 || refuse(v, 401, invalid);
    if (found.place == PLACE_COOKIE) return by_token(v, f, &found, ring, policy);
    v->identity = identity_ref(f->known);
    return true;
}

/* ---- whether --------------------------------------------------------------------------------- */

static bool lacks(struct access_verdict *v, unsigned missing, unsigned token_would)
{
    const char *right = right_first(missing & ~token_would ? missing & ~token_would : missing);
    if (missing & ~token_would) {
        why_say(&v->why, "nobody has the right %s on this channel (--access says who has)", right);
        return refuse(v, 403, NULL);
    }
    if (!v->identity) {
        why_say(&v->why,
                "this channel asks for a token with the right %s: Authorization: Bearer TOKEN",
                right);
        return refuse(v, 401, anonymous);
    }
    why_say(&v->why,
            v->identity->by == BY_SIGNED_URL
                ? "this URL was not signed for the right %s on this channel"
                : "the token does not have this channel among its channels (%s)",
            right);
    return refuse(v, 403, NULL);
}

static bool allow(struct access_verdict *v, const struct access_facts *f, const struct rules *rules)
{
    struct channel_pattern on;
    unsigned token_would;
    if (!channel_pattern_read(&on, f->channel, &v->why)) return refuse(v, 400, NULL);
    v->rights = rules_rights(rules, &on, v->identity, &token_would);
    unsigned missing = f->needed & ~v->rights;
    return !missing || lacks(v, missing, token_would);
}

void access_decide(struct access_verdict *out, const struct access_facts *f,
                   const struct rules *rules, const struct keyring *ring,
                   const struct claims_policy *policy)
{
    *out = (struct access_verdict){.status = 0};
    if (find_out(out, f, ring, policy) && allow(out, f, rules)) return;
    identity_unref(out->identity);
    out->identity = NULL;
}
