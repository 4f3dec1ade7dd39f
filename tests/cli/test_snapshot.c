/* SPDX-License-Identifier: MIT
 *
 * A snapshot from one set of channels to the next, and every way in which it can be broken.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/snapshot.h"

static const struct trace silent;
static uint8_t whole[4096];

static weft_channels *begin(weft_loop **l)
{
    weft_channels *c;
    assert_int_equal(weft_loop_new(l, NULL), 0);
    assert_int_equal(weft_channels_new(&c, *l, NULL), 0);
    return c;
}

static void end(weft_loop *l, weft_channels *c)
{
    weft_channels_free(c);
    weft_loop_free(l);
}

static const char *epoch(weft_channels *c)
{
    static char text[24];
    weft_topic *t = weft_topic_find(weft_channels_hub(c), (weft_bytes){(const uint8_t *)"/a", 2});
    assert_non_null(t);
    memcpy(text, weft_topic_epoch(t), sizeof text);
    weft_topic_unref(t);
    return text;
}

/* Its bytes, in whole. */
static size_t write_one(int fd, char *its_epoch)
{
    weft_loop *l;
    weft_channels *c = begin(&l);
    assert_int_equal(weft_publish(weft_channels_hub(c), "/a", WEFT_TEXT, "hello", 5), 0);
    memcpy(its_epoch, epoch(c), 24);
    snapshot_write(&(struct snapshot){.fd = fd}, c, &silent);
    end(l, c);
    ssize_t n = pread(fd, whole, sizeof whole, 0);
    assert_in_range(n, 29, sizeof whole - 1);
    return (size_t)n;
}

static void test_from_one_to_the_next(void **state)
{
    (void)state;
    char before[24];
    struct stat st;
    weft_loop *l;
    int fd = memfd_create("test", MFD_CLOEXEC);
    struct snapshot s = {.fd = fd};
    (void)write_one(fd, before);
    weft_channels *c = begin(&l);
    snapshot_restore(&s, c, &silent);
    assert_string_equal(epoch(c), before);
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_size, 0);
    snapshot_write(&s, c, &silent); /* and on */
    end(l, c);
    c = begin(&l);
    snapshot_restore(&s, c, &silent);
    assert_string_equal(epoch(c), before);
    end(l, c);
    snapshot_close(&s);
    assert_int_equal(s.fd, -1);
}

static int parse(size_t len)
{
    weft_bytes saved;
    uint8_t *exact = malloc(len + !len);
    assert_non_null(exact);
    memcpy(exact, whole, len);
    int error = snapshot_parse((weft_bytes){exact, len}, &saved);
    free(exact);
    return error;
}

static void test_broken(void **state)
{
    (void)state;
    char any[24];
    int fd = memfd_create("test", MFD_CLOEXEC);
    size_t len = write_one(fd, any);
    assert_int_equal(parse(len), 0);
    assert_int_equal(parse(0), -ENODATA);
    for (size_t n = 1; n < len; n++) assert_int_equal(parse(n), -EINVAL);
    assert_int_equal(parse(len + 1), -EINVAL);
    for (size_t i = 0; i < len; i++) {
        whole[i] ^= 0x10;
        assert_int_equal(parse(len), i >= 8 && i < 12 ? -ENOTSUP : -EINVAL);
        whole[i] ^= 0x10;
    }
    close(fd);
}

/* Nobody reads what was not written to its end. */
static void test_the_head_is_last(void **state)
{
    (void)state;
    char any[24];
    int fd = memfd_create("test", MFD_CLOEXEC);
    size_t len = write_one(fd, any);
    memset(whole, 0, 28);
    assert_int_equal(parse(len), -EINVAL);
    close(fd);
}

static void test_nobody_wants_one(void **state)
{
    (void)state;
    weft_loop *l;
    struct snapshot s = {.fd = -1};
    weft_channels *c = begin(&l);
    assert_int_equal(snapshot_open(&s, NULL, -1, &(struct notify){.fd = -1}), 0);
    assert_int_equal(s.fd, -1);
    snapshot_restore(&s, c, &silent);
    snapshot_write(&s, c, &silent);
    end(l, c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_from_one_to_the_next),
        cmocka_unit_test(test_broken),
        cmocka_unit_test(test_the_head_is_last),
        cmocka_unit_test(test_nobody_wants_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
