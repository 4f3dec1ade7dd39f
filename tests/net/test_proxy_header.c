/* SPDX-License-Identifier: MIT
 *
 * The PROXY protocol: what is a header, whose address it has, and where it ends; whole and byte by byte.
 */
#include "world.h"

#include "base/bytes.h"
#include "net/wire/proxy_header.h"

#define V2          "\r\n\r\n\0\r\nQUIT\n"
#define OF(literal) (const uint8_t *)(literal), sizeof(literal) - 1

static char shown[SOCK_TEXT];

static int feed(const uint8_t *bytes, size_t len, size_t piece, size_t *used)
{
    static struct proxy_header p;
    struct sock_addr client = {0};
    uint8_t copied[2048];
    assert_true(len <= sizeof copied);
    copy(copied, bytes, len);
    p = (struct proxy_header){0};
    int result = PROXY_MORE;
    for (*used = 0; result == PROXY_MORE && *used < len;) {
        size_t n = len - *used < piece ? len - *used : piece;
        weft_span in = {copied + *used, n};
        result = proxy_header_feed(&p, &in, &client);
        *used += n - in.len;
    }
    shown[0] = 0;
    if (result == PROXY_ADDRESS) sock_format(&client, shown, sizeof shown);
    if (result == PROXY_NONE) assert_memory_equal(p.bytes, bytes, p.len);
    return result;
}

/* Result and address are the same in any pieces; what follows the header is not touched. */
static void gives(const uint8_t *bytes, size_t len, int result, const char *address)
{
    for (size_t piece = 1; piece <= len; piece += len < 40 ? 1 : len - 1) {
        uint8_t more[2048];
        size_t used;
        copy(more, bytes, len);
        memcpy(more + len, "GET", 3);
        assert_int_equal(feed(more, len + 3, piece, &used), result);
        assert_string_equal(shown, address);
        if (result == PROXY_ADDRESS || result == PROXY_LOCAL) assert_int_equal(used, len);
    }
}

static void refuses(const uint8_t *bytes, size_t len)
{
    size_t used;
    assert_int_equal(feed(bytes, len, len, &used), WEFT_ERR_PROXY);
    assert_int_equal(feed(bytes, len, 1, &used), WEFT_ERR_PROXY);
}

static void test_version_1(void **state)
{
    (void)state;
    gives(OF("PROXY TCP4 192.0.2.7 198.51.100.1 50312 443\r\n"), PROXY_ADDRESS, "192.0.2.7:50312");
    gives(OF("PROXY TCP6 2001:db8::7 ::1 1 65535\r\n"), PROXY_ADDRESS, "[2001:db8::7]:1");
    gives(OF("PROXY UNKNOWN\r\n"), PROXY_LOCAL, "");
    gives(OF("PROXY UNKNOWN ffff:f... anything 0\r\n"), PROXY_LOCAL, "");
}

static void test_version_1_is_strict(void **state)
{
    (void)state;
    refuses(OF("PROXY TCP4 192.0.2.7 198.51.100.1 50312 443\n"));
    refuses(OF("PROXY TCP4 192.0.2.7 198.51.100.1 50312\r\n"));
    refuses(OF("PROXY TCP4 192.0.2.7 198.51.100.1 50312 443 \r\n"));
    refuses(OF("PROXY TCP4  192.0.2.7 198.51.100.1 50312 443\r\n"));
    refuses(OF("PROXY TCP4 192.0.2.7 198.51.100.1 050312 443\r\n"));
    refuses(OF("PROXY TCP4 192.0.2.7 198.51.100.1 65536 443\r\n"));
    refuses(OF("PROXY TCP4 localhost 198.51.100.1 1 443\r\n"));
    refuses(OF("PROXY TCP4 192.0.2.07 198.51.100.1 1 443\r\n"));
    refuses(OF("PROXY TCP4 ::1 ::1 1 2\r\n"));
    refuses(OF("PROXY TCP6 192.0.2.7 198.51.100.1 1 2\r\n"));
    refuses(OF("PROXY UDP4 192.0.2.7 198.51.100.1 1 2\r\n"));
    refuses(
        OF("PROXY UNKNOWN 0123456789012345678901234567890123456789012345678901234567890123456789"
           "0123456789012345678901234567890123456789"));
}

static void test_version_2(void **state)
{
    (void)state;
    gives(OF(V2 "\x21\x11\x00\x0c\xc0\x00\x02\x07\xc6\x33\x64\x01\xc4\x88\x01\xbb"), PROXY_ADDRESS,
          "192.0.2.7:50312");
    gives(OF(V2 "\x21\x21\x00\x24\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07"
                "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x00\x01\x01\xbb"),
          PROXY_ADDRESS, "[2001:db8::7]:1");
    gives(OF(V2 "\x21\x11\x00\x11\xc0\x00\x02\x07\xc6\x33\x64\x01\xc4\x88\x01\xbb\x04\0\x02xy"),
          PROXY_ADDRESS, "192.0.2.7:50312");
    gives(OF(V2 "\x20\x00\x00\x00"), PROXY_LOCAL, "");
    gives(OF(V2 "\x21\x00\x00\x02xy"), PROXY_LOCAL, "");
}

static void test_version_2_is_strict(void **state)
{
    (void)state;
    refuses(OF(V2 "\x21\x11\x00\x0b\xc0\x00\x02\x07\xc6\x33\x64\x01\xc4\x88\x01"));
    refuses(OF(V2 "\x21\x11\x00\x10\xc0\x00\x02\x07\xc6\x33\x64\x01\xc4\x88\x01\xbb\x04\0\x02x"));
    refuses(OF(V2 "\x21\x12\x00\x0c\xc0\x00\x02\x07\xc6\x33\x64\x01\xc4\x88\x01\xbb")); /* UDP */
    refuses(OF(V2 "\x11\x11\x00\x00"));
    refuses(OF(V2 "\x22\x11\x00\x00"));
    refuses(OF(V2 "\x20\x00\x02\x09")); /* 537 bytes */
}

static void test_the_longest(void **state)
{
    (void)state;
    uint8_t longest[PROXY_MAX] = V2 "\x20\x00\x02\x08";
    gives(longest, sizeof longest, PROXY_LOCAL, "");
}

static void test_none(void **state)
{
    (void)state;
    gives(OF("GET / HTTP/1.1\r\n"), PROXY_NONE, "");
    gives(OF("PROXZ TCP4"), PROXY_NONE, "");
    gives(OF("\x16\x03\x01"), PROXY_NONE, "");
    gives(OF("\r\nGET / HTTP/1.1"), PROXY_NONE, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_version_1),   cmocka_unit_test(test_version_1_is_strict),
        cmocka_unit_test(test_version_2),   cmocka_unit_test(test_version_2_is_strict),
        cmocka_unit_test(test_the_longest), cmocka_unit_test(test_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
