/* SPDX-License-Identifier: MIT
 *
 * Whom cli/privileges.h becomes, and what is left of root then. Most of it needs root.
 */
#include "cli/privileges.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "cli/confined.h"

enum { NOBODY = 65534, SOMEBODY = 12345 };

static char place[64];

static int make_place(void **state)
{
    (void)state;
    strcpy(place, "/tmp/weft-privileges-XXXXXX");
    return mkdtemp(place) ? 0 : -1;
}

static int remove_place(void **state)
{
    (void)state;
    return rmdir(place);
}

static void need_root(void)
{
    if (geteuid() != 0) skip();
}

/* ---- who ------------------------------------------------------------------------------------- */

static void test_users_have_names_or_numbers(void **state)
{
    (void)state;
    need_root();
    struct privileges p;
    assert_int_equal(privileges_choose(&p, "nobody", NULL, 0), 0);
    assert_int_equal(p.uid, NOBODY);
    assert_int_equal(privileges_choose(&p, "65534", NULL, 0), 0);
    assert_string_equal(p.name, "nobody");
    assert_int_equal(privileges_choose(&p, "12345", NULL, 0), 0);
    assert_int_equal(p.uid, SOMEBODY);
    assert_int_equal(p.gid, SOMEBODY);
    assert_string_equal(p.name, "12345");
    assert_true(p.changes);
    assert_int_equal(privileges_choose(&p, "root", NULL, 0), 0);
    assert_false(p.changes);
}

static void test_users_that_are_none(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "no-such-user", "", "-1", "12x", " 1", "4294967295", "99999999999999999999999"};
    struct privileges p;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(privileges_choose(&p, wrong[i], NULL, 0), -ENOENT);
}

static uid_t chosen(uid_t owner, mode_t mode, mode_t needed)
{
    struct privileges p;
    assert_int_equal(chown(place, owner, owner), 0);
    assert_int_equal(chmod(place, mode), 0);
    const struct privileges_place places[] = {{"/", S_IXOTH}, {place, needed}};
    assert_int_equal(privileges_choose(&p, NULL, places, 2), 0);
    return p.uid;
}

static void test_root_becomes_nobody_or_the_owner_of_what_is_closed_to_others(void **state)
{
    (void)state;
    need_root();
    mode_t look = S_IXOTH, remove = S_IXOTH | S_IWOTH;
    assert_int_equal(chosen(SOMEBODY, 0755, look), NOBODY);
    assert_int_equal(chosen(SOMEBODY, 0750, look), SOMEBODY);
    assert_int_equal(chosen(0, 0700, look), 0);
    assert_int_equal(chosen(SOMEBODY, 0755, remove), SOMEBODY);
    assert_int_equal(chosen(SOMEBODY, 0777, remove), NOBODY);
    assert_int_equal(chosen(SOMEBODY, 01777, remove), SOMEBODY);
    assert_int_equal(chosen(0, 0700, look), 0);
}

/* ---- what is left ---------------------------------------------------------------------------- */

static void drop_to_nobody(bool keep_reading)
{
    struct privileges p;
    HOLDS(privileges_choose(&p, "nobody", NULL, 0) == 0);
    HOLDS(privileges_drop(&p, keep_reading) == 0);
    HOLDS(getuid() == NOBODY && geteuid() == NOBODY && getgid() == p.gid);
}

static bool shadow_opens(void)
{
    int fd = open("/etc/shadow", O_RDONLY | O_CLOEXEC);
    if (fd >= 0) close(fd);
    return fd >= 0;
}

static void drop(void)
{
    HOLDS(shadow_opens());
    drop_to_nobody(false);
    HOLDS(setuid(0) < 0 && errno == EPERM);
    HOLDS(setgid(0) < 0 && errno == EPERM);
    HOLDS(!shadow_opens());
    privileges_wake();
    HOLDS(!shadow_opens());
}

static void test_there_is_no_way_back(void **state)
{
    (void)state;
    need_root();
    assert_clean(confined(drop, NULL, 0));
}

static void keep_reading(void)
{
    drop_to_nobody(true);
    HOLDS(!shadow_opens());
    privileges_wake();
    HOLDS(shadow_opens());
    HOLDS(setuid(0) < 0 && errno == EPERM);
    privileges_sleep();
    HOLDS(!shadow_opens());
}

static void test_reading_can_be_kept_and_sleeps(void **state)
{
    (void)state;
    need_root();
    assert_clean(confined(keep_reading, NULL, 0));
}

static void stay_root(void)
{
    struct privileges p;
    HOLDS(privileges_choose(&p, "root", NULL, 0) == 0);
    HOLDS(privileges_drop(&p, false) == 0);
    HOLDS(geteuid() == 0);
    HOLDS(chown("/tmp", 1, 1) < 0 && errno == EPERM);
}

static void test_who_stays_root_has_no_capabilities(void **state)
{
    (void)state;
    need_root();
    assert_clean(confined(stay_root, NULL, 0));
}

static void not_root(void)
{
    struct privileges p;
    drop_to_nobody(false);
    HOLDS(privileges_choose(&p, "root", NULL, 0) == -EPERM);
    HOLDS(privileges_choose(&p, "nobody", NULL, 0) == 0 && !p.changes);
    HOLDS(privileges_choose(&p, NULL, NULL, 0) == 0 && !p.changes && p.uid == NOBODY);
    HOLDS(privileges_drop(&p, true) == 0);
}

static void test_who_is_not_root_stays_who_he_is(void **state)
{
    (void)state;
    need_root();
    assert_clean(confined(not_root, NULL, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_users_have_names_or_numbers),
        cmocka_unit_test(test_users_that_are_none),
        cmocka_unit_test(test_root_becomes_nobody_or_the_owner_of_what_is_closed_to_others),
        cmocka_unit_test(test_there_is_no_way_back),
        cmocka_unit_test(test_reading_can_be_kept_and_sleeps),
        cmocka_unit_test(test_who_stays_root_has_no_capabilities),
        cmocka_unit_test(test_who_is_not_root_stays_who_he_is),
    };
    return cmocka_run_group_tests(tests, make_place, remove_place);
}
