/* SPDX-License-Identifier: MIT
 *
 * Who is there, and what is told of it.
 */
#include "channel/presence.h"

#include "channel/unit.h"
#include "hub/faulty_env.h"
#include "hub/unit.h"

static struct presence p;
static struct faulty f;
static atomic_size_t memory;

static int set_up(void **state)
{
    (void)state;
    faulty_init(&f);
    presence_init(&p, &f.env, &memory);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    presence_deinit(&p);
    assert_int_equal(f.live, 0);
    assert_int_equal(memory, 0);
    return 0;
}

static struct member *join(const char *name, uint64_t now)
{
    return presence_join(&p, (struct who){.name = name}, false, now);
}

/* All of it, as it is now. */
static const char *all(size_t readers)
{
    static char words[4096];
    struct text t;
    struct roster r;
    text_init(&t, NULL);
    roster_take(&r, &p, readers);
    roster_tell(&t, &r);
    roster_free(&r);
    snprintf(words, sizeof words, "%.*s", (int)t.len, t.data);
    text_deinit(&t);
    return words;
}

/* What is new since this was told, which is what is told now. "": nothing. */
static const char *news(struct roster *told)
{
    static char words[4096];
    struct text t;
    struct roster now;
    text_init(&t, NULL);
    roster_take(&now, &p, 0);
    bool is_new = roster_differ(&t, told, &now);
    assert_int_equal(is_new, t.len > 0);
    roster_free(told);
    *told = now;
    snprintf(words, sizeof words, "%.*s", (int)t.len, t.len ? t.data : "");
    text_deinit(&t);
    return words;
}

#define MEMBER(name) "{\"client\":\"" name "\",\"verified\":false}"

/* ---- members --------------------------------------------------------------------------------- */

static void a_name_is_one_member(void **state)
{
    (void)state;
    assert_string_equal(all(0), "{\"count\":0,\"members\":[]}");
    struct member *one = join("bob", 0), *other = join("bob", 0), *ann = join("ann", 0);
    assert_ptr_equal(one, other);
    assert_string_equal(all(0), "{\"count\":2,\"members\":[" MEMBER("ann") "," MEMBER("bob") "]}");
    presence_leave(&p, one, false, 0);
    presence_expire(&p, 1000000);
    assert_string_equal(all(0), "{\"count\":2,\"members\":[" MEMBER("ann") "," MEMBER("bob") "]}");
    presence_leave(&p, other, false, 1000000);
    presence_expire(&p, 1000000 + PRESENCE_GRACE_MS - 1);
    assert_int_equal(p.n, 2);
    presence_expire(&p, 1000000 + PRESENCE_GRACE_MS);
    assert_string_equal(all(0), "{\"count\":1,\"members\":[" MEMBER("ann") "]}");
    presence_leave(&p, ann, false, 0);
}

static void who_comes_back_in_time_was_never_away(void **state)
{
    (void)state;
    struct roster told = {.is_listed = true};
    struct member *ann = join("ann", 0);
    assert_string_equal(news(&told), "{\"count\":1,\"join\":[" MEMBER("ann") "],\"leave\":[]}");
    presence_leave(&p, ann, false, 100);
    presence_expire(&p, 100 + PRESENCE_GRACE_MS - 1);
    assert_string_equal(news(&told), "");
    ann = join("ann", 100 + PRESENCE_GRACE_MS - 1);
    presence_expire(&p, 10 * PRESENCE_GRACE_MS);
    assert_string_equal(news(&told), "");
    presence_leave(&p, ann, false, 10 * PRESENCE_GRACE_MS);
    presence_expire(&p, 11 * PRESENCE_GRACE_MS);
    assert_string_equal(news(&told), "{\"count\":0,\"join\":[],\"leave\":[" MEMBER("ann") "]}");
    roster_free(&told);
}

static void names_are_any_text(void **state)
{
    (void)state;
    join("\"a\\b\"", 0);
    join("Zo\xc3\xab", 0);
    join("a", 0);
    join("ab", 0);
    assert_string_equal(all(0), "{\"count\":4,\"members\":[" MEMBER("\\\"a\\\\b\\\"") "," MEMBER(
                                    "Zo\xc3\xab") "," MEMBER("a") "," MEMBER("ab") "]}");
}

/* Readers that members have are these members; the others are so many more. */
static void those_without_a_name_are_counted(void **state)
{
    (void)state;
    struct member *ann = presence_join(&p, (struct who){.name = "ann"}, true, 0);
    presence_join(&p, (struct who){.name = "ann"}, true, 0);
    join("bob", 0);
    assert_int_equal(p.readers, 2);
    assert_string_equal(all(5), "{\"count\":5,\"members\":[" MEMBER("ann") "," MEMBER("bob") "]}");
    presence_leave(&p, ann, true, 0);
    assert_memory_equal(all(4), "{\"count\":5,", 11);
    assert_memory_equal(all(0), "{\"count\":2,",
                        11); /* he has just gone, and is not off the set yet */
}

/* ---- many of them ---------------------------------------------------------------------------- */

static struct member *join_nth(size_t n, uint64_t now)
{
    char name[16];
    snprintf(name, sizeof name, "m%zu", n);
    return join(name, now);
}

static void above_a_hundred_they_are_only_counted(void **state)
{
    (void)state;
    struct roster told = {.is_listed = true};
    for (size_t i = 0; i < 100; i++) join_nth(i, 0);
    assert_non_null(strstr(news(&told), MEMBER("m99")));
    struct member *last = join_nth(100, 0);
    assert_string_equal(news(&told), "{\"count\":101}");
    assert_string_equal(news(&told), "");
    struct member *one_more = join_nth(101, 0);
    assert_string_equal(news(&told), "{\"count\":102}");
    presence_leave(&p, last, false, 0);
    presence_leave(&p, one_more, false, 0);
    presence_expire(&p, PRESENCE_GRACE_MS);
    const char *words = news(&told);
    assert_memory_equal(words, "{\"count\":100,\"members\":[" MEMBER("m0"), 50);
    assert_non_null(strstr(words, MEMBER("m99")));
    roster_free(&told);
}

static void a_channel_has_room_for_so_many(void **state)
{
    (void)state;
    struct member *first = join_nth(0, 0);
    for (size_t i = 1; i < PRESENCE_MEMBERS_MAX; i++) assert_non_null(join_nth(i, 0));
    assert_null(join_nth(PRESENCE_MEMBERS_MAX, 0));
    assert_ptr_equal(join_nth(0, 0), first);
    presence_leave(&p, first, false, 0);
    presence_leave(&p, first, false, 0);
    assert_null(join_nth(PRESENCE_MEMBERS_MAX, PRESENCE_GRACE_MS - 1));
    assert_non_null(join_nth(PRESENCE_MEMBERS_MAX, PRESENCE_GRACE_MS));
    assert_int_equal(p.n, PRESENCE_MEMBERS_MAX);
}

static void all_channels_share_a_memory(void **state)
{
    (void)state;
    atomic_store(&memory, PRESENCE_MEMORY_MAX - 1);
    assert_null(join("ann", 0));
    atomic_store(&memory, 0);
    assert_non_null(join("ann", 0));
    assert_true(memory > 0 && memory < 200);
}

static void without_memory_nothing_has_changed(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4; i++) join_nth(i, 0);
    for (long nth = 0; nth < 2; nth++) {
        faulty_from(&f, nth);
        assert_null(join("one more", 0));
        faulty_from(&f, -1);
        assert_int_equal(p.n, 4);
    }
    assert_non_null(join("one more", 0));
}

/* ---- against a model ------------------------------------------------------------------------- */

enum { NAMES = 130, STEPS = 40000 };

struct model {
    bool is_member, is_seen; /* seen: by who was told everything from the beginning */
    unsigned here;
    uint64_t left_ms;
    struct member *member;
};

/* Each name in a list of what was told. */
static void hear(struct model *models, const char *words, const char *list, bool is_seen)
{
    const char *at = strstr(words, list);
    size_t n;
    if (!at) return;
    const char *end = strchr(at, ']');
    while ((at = strstr(at, "\"m")) && at < end) {
        if (sscanf(at, "\"m%zu\"", &n) == 1) {
            assert_int_equal(models[n].is_seen, !is_seen);
            models[n].is_seen = is_seen;
        }
        at++;
    }
}

static int crossings; /* of a hundred, downwards */

/* What is told makes what was known what is. */
static void look(struct model *models, struct roster *told, uint64_t now)
{
    size_t n = 0, count;
    bool was_listed = told->is_listed;
    for (size_t i = 0; i < NAMES; i++) {
        struct model *m = &models[i];
        if (m->is_member && !m->here && now - m->left_ms >= PRESENCE_GRACE_MS) m->is_member = false;
        n += m->is_member;
    }
    presence_expire(&p, now);
    const char *words = news(told);
    if (strstr(words, "\"members\""))
        for (size_t i = 0; i < NAMES; i++) models[i].is_seen = false;
    crossings += strstr(words, "\"members\"") != NULL;
    assert_int_equal(strstr(words, "\"members\"") != NULL, n <= PRESENCE_LISTED_MAX && !was_listed);
    hear(models, words, "\"members\":[", true);
    hear(models, words, "\"join\":[", true);
    hear(models, words, "\"leave\":[", false);
    if (sscanf(words, "{\"count\":%zu", &count) == 1) assert_int_equal(count, n);
    for (size_t i = 0; i < NAMES && told->is_listed; i++)
        assert_int_equal(models[i].is_seen, models[i].is_member);
}

static void it_does_as_a_simple_one_would(void **state)
{
    (void)state;
    static struct model models[NAMES];
    struct roster told = {.is_listed = true};
    uint64_t seed = 12345, now = 0;
    for (int i = 0; i < STEPS; i++) {
        size_t name = roll(&seed, NAMES);
        struct model *m = &models[name];
        bool is_crowded = i / 4000 % 2;
        now += roll(&seed, 200);
        if (roll(&seed, 20) == 0) {
            look(models, &told, now);
        } else if (roll(&seed, 6) < (is_crowded ? 1 : 5)) {
            if (!m->here) continue;
            presence_leave(&p, m->member, false, now);
            if (--m->here == 0) m->left_ms = now;
        } else if (m->here < 3) {
            m->member = join_nth(name, now);
            m->here++;
            m->is_member = true;
        }
    }
    assert_true(crossings > 3);
    roster_free(&told);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_name_is_one_member),
        TEST(who_comes_back_in_time_was_never_away),
        TEST(names_are_any_text),
        TEST(those_without_a_name_are_counted),
        TEST(above_a_hundred_they_are_only_counted),
        TEST(a_channel_has_room_for_so_many),
        TEST(all_channels_share_a_memory),
        TEST(without_memory_nothing_has_changed),
        TEST(it_does_as_a_simple_one_would),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
