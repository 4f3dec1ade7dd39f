/* SPDX-License-Identifier: MIT
 *
 * channel/presence.c - a row sorted by name, so that no names that strangers choose make it slow, and a list of those
 * who are leaving, the first to be gone in front
 *
 * A place in the row moves up to 80 KB, which is a few microseconds. Those whose grace is over go together, in one
 * walk.
 */
#include "channel/presence.h"

#include <string.h>

#include "channel/bytes.h"
#include "channel/hook.h"
#include "channel/json.h"

enum { ROOM_MIN = 4 };

struct member {
    atomic_uint refs; /* the set's, and rosters' */
    unsigned here;    /* connections; 0: he is leaving */
    uint64_t left_ms;
    struct member *sooner, *later; /* among those who are leaving */
    bool verified;
    size_t len, shown_len;
    uint8_t name[]; /* and what is shown besides it */
};

/* ---- one of them ----------------------------------------------------------------------------- */

static void member_unref(struct member *m, const weft_env *env)
{
    if (atomic_fetch_sub_explicit(&m->refs, 1, memory_order_acq_rel) == 1) hook_free(env, m);
}

/* What he costs, with his place. */
static size_t cost(size_t texts_len)
{
    return sizeof(struct member) + texts_len + 2 * sizeof(struct member *);
}

/* By which one is told from another. */
struct key {
    bool verified;
    weft_bytes name;
};

static int compare(const struct member *m, struct key k)
{
    if (m->verified != k.verified) return m->verified ? -1 : 1;
    int order = memcmp(m->name, k.name.data, m->len < k.name.len ? m->len : k.name.len);
    return order ? order : (m->len > k.name.len) - (m->len < k.name.len);
}

static struct key key_of(const struct member *m)
{
    return (struct key){m->verified, {m->name, m->len}};
}

/* ---- the row --------------------------------------------------------------------------------- */

/* Where he is, or would be. */
static size_t place_of(const struct presence *p, struct key k)
{
    size_t from = 0, to = p->n;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (compare(p->members[middle], k) < 0) from = middle + 1;
        else to = middle;
    }
    return from;
}

static bool reserve(struct presence *p)
{
    size_t room = p->room ? 2 * p->room : ROOM_MIN;
    if (p->n < p->room) return true;
    struct member **members = hook_realloc(p->env, p->members, room * sizeof(struct member *));
    if (!members) return false;
    p->members = members;
    p->room = room;
    return true;
}

/* Of all sets together. */
static bool take_memory(struct presence *p, size_t bytes)
{
    size_t before = atomic_fetch_add_explicit(p->memory, bytes, memory_order_relaxed);
    if (before + bytes <= PRESENCE_MEMORY_MAX) return true;
    atomic_fetch_sub_explicit(p->memory, bytes, memory_order_relaxed);
    return false;
}

static void give_back(struct presence *p, size_t bytes)
{
    atomic_fetch_sub_explicit(p->memory, bytes, memory_order_relaxed);
}

static struct member *make(struct presence *p, struct who who)
{
    size_t len = strlen(who.name), shown = who.shown ? strlen(who.shown) : 0;
    if (!reserve(p) || !take_memory(p, cost(len + shown))) return NULL;
    struct member *m = hook_realloc(p->env, NULL, sizeof *m + len + shown);
    if (!m) {
        give_back(p, cost(len + shown));
        return NULL;
    }
    *m = (struct member){.refs = 1, .verified = who.verified, .len = len, .shown_len = shown};
    memcpy(m->name, who.name, len);
    if (shown) memcpy(m->name + len, who.shown, shown);
    return m;
}

static void forget(struct presence *p, struct member *m)
{
    give_back(p, cost(m->len + m->shown_len));
    member_unref(m, p->env);
}

static void forget_row(struct presence *p)
{
    hook_free(p->env, p->members);
    p->members = NULL;
    p->room = 0;
}

void presence_init(struct presence *p, const weft_env *env, atomic_size_t *memory)
{
    *p = (struct presence){.env = env, .memory = memory};
}

void presence_deinit(struct presence *p)
{
    for (size_t i = 0; i < p->n; i++) forget(p, p->members[i]);
    forget_row(p);
}

/* ---- those who are leaving ------------------------------------------------------------------- */

static void begin_to_leave(struct presence *p, struct member *m, uint64_t now_ms)
{
    m->left_ms = now_ms;
    m->sooner = p->last_leaving;
    if (m->sooner) m->sooner->later = m;
    else p->first_leaving = m;
    p->last_leaving = m;
}

static void leave_no_more(struct presence *p, struct member *m)
{
    if (m->sooner) m->sooner->later = m->later;
    else p->first_leaving = m->later;
    if (m->later) m->later->sooner = m->sooner;
    else p->last_leaving = m->sooner;
    m->sooner = m->later = NULL;
}

static bool is_over(const struct member *m, uint64_t now_ms)
{
    return now_ms - m->left_ms >= PRESENCE_GRACE_MS;
}

void presence_expire(struct presence *p, uint64_t now_ms)
{
    size_t kept = 0;
    if (!p->first_leaving || !is_over(p->first_leaving, now_ms)) return;
    for (size_t i = 0; i < p->n; i++) {
        struct member *m = p->members[i];
        if (m->here || !is_over(m, now_ms)) {
            p->members[kept++] = m;
            continue;
        }
        leave_no_more(p, m);
        forget(p, m);
    }
    p->n = kept;
    if (!kept) forget_row(p);
}

/* ---- they come and go ------------------------------------------------------------------------ */

static struct member *add(struct presence *p, struct who who, size_t at)
{
    if (p->n == PRESENCE_MEMBERS_MAX) return NULL;
    struct member *m = make(p, who);
    if (!m) return NULL;
    memmove(&p->members[at + 1], &p->members[at], (p->n - at) * sizeof(struct member *));
    p->members[at] = m;
    p->n++;
    return m;
}

struct member *presence_join(struct presence *p, struct who who, bool reads, uint64_t now_ms)
{
    const struct key k = {who.verified, bytes_of_text(who.name)};
    if (p->n == PRESENCE_MEMBERS_MAX) presence_expire(p, now_ms);
    size_t at = place_of(p, k);
    bool is_member = at < p->n && compare(p->members[at], k) == 0;
    struct member *m = is_member ? p->members[at] : add(p, who, at);
    if (!m) return NULL;
    if (is_member && !m->here) leave_no_more(p, m);
    m->here++;
    p->readers += reads;
    return m;
}

void presence_leave(struct presence *p, struct member *m, bool reads, uint64_t now_ms)
{
    p->readers -= reads;
    if (--m->here == 0) begin_to_leave(p, m, now_ms);
}

/* ---- rosters --------------------------------------------------------------------------------- */

void roster_take(struct roster *r, const struct presence *p, size_t readers)
{
    size_t others = readers > p->readers ? readers - p->readers : 0;
    *r = (struct roster){
        .env = p->env, .count = p->n + others, .is_listed = p->n <= PRESENCE_LISTED_MAX};
    if (!r->is_listed) return;
    for (; r->n < p->n; r->n++) {
        r->members[r->n] = p->members[r->n];
        atomic_fetch_add_explicit(&r->members[r->n]->refs, 1, memory_order_relaxed);
    }
}

void roster_free(struct roster *r)
{
    while (r->n) member_unref(r->members[--r->n], r->env);
}

static void add_count(struct text *to, const struct roster *r)
{
    text_add_words(to, "{\"count\":");
    text_add_number(to, r->count);
}

static void add_member(struct text *to, const struct member *m)
{
    if (to->len && to->data[to->len - 1] != '[') text_add(to, ",", 1);
    text_add_words(to, "{\"client\":");
    json_add_string(to, (weft_bytes){m->name, m->len});
    if (m->shown_len) {
        text_add_words(to, ",\"name\":");
        json_add_string(to, (weft_bytes){m->name + m->len, m->shown_len});
    }
    text_add_words(to, m->verified ? ",\"verified\":true}" : ",\"verified\":false}");
}

void roster_tell(struct text *to, const struct roster *r)
{
    add_count(to, r);
    if (r->is_listed) {
        text_add_words(to, ",\"members\":[");
        for (size_t i = 0; i < r->n; i++) add_member(to, r->members[i]);
        text_add(to, "]", 1);
    }
    text_add(to, "}", 1);
}

/* Those of a whom b does not have. Returns how many. */
static size_t add_missing(struct text *to, const struct roster *a, const struct roster *b)
{
    size_t n = 0, at = 0;
    for (size_t i = 0; i < a->n; i++) {
        struct key k = key_of(a->members[i]);
        while (at < b->n && compare(b->members[at], k) < 0) at++;
        if (at < b->n && compare(b->members[at], k) == 0) continue;
        add_member(to, a->members[i]);
        n++;
    }
    return n;
}

static bool differ_in_names(struct text *to, const struct roster *old, const struct roster *new)
{
    size_t before = to->len, n;
    add_count(to, new);
    text_add_words(to, ",\"join\":[");
    n = add_missing(to, new, old);
    text_add_words(to, "],\"leave\":[");
    n += add_missing(to, old, new);
    text_add_words(to, "]}");
    if (n || new->count != old->count) return true;
    to->len = before;
    return false;
}

bool roster_differ(struct text *to, const struct roster *old, const struct roster *new)
{
    if (old->is_listed && new->is_listed) return differ_in_names(to, old, new);
    if (!old->is_listed && !new->is_listed && old->count == new->count) return false;
    roster_tell(to, new);
    return true;
}
