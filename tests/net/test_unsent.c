/* SPDX-License-Identifier: MIT
 *
 * tests/net/test_unsent.c - what the kernel holds of our output for a peer that reads nothing (limit unsent_max)
 *
 * What is on its way is the peer's to bound: it has a small window here.
 */
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>

#include "raw.h"
#include "teller.h"

/* One call of send may go beyond the limit by what it is given in one piece of the kernel's. */
enum { UNSENT = 20000, BEYOND = 65536, LONG = 600000 };

static struct world world;
static struct teller server, client;
static int accepted, connected;

static int noting_accept(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
    int got = sys_real.accept4(fd, addr, len, flags);
    if (got >= 0) accepted = got;
    return got;
}

static int noting_connect(int fd, const struct sockaddr *addr, socklen_t len)
{
    connected = fd;
    return sys_real.connect(fd, addr, len);
}

static int begin(void **state)
{
    (void)state;
    memset(&server, 0, sizeof server);
    memset(&client, 0, sizeof client);
    tellers_begin(&world, &server, &(weft_limits){.unsent_max = UNSENT, .write_stall = 60000});
    world.sys.accept4 = noting_accept;
    world.sys.connect = noting_connect;
    return 0;
}

static int end(void **state)
{
    (void)state;
    world_end(&world);
    return 0;
}

static int option(int fd, int name)
{
    int value = -1;
    socklen_t len = sizeof value;
    assert_int_equal(getsockopt(fd, IPPROTO_TCP, name, &value, &len), 0);
    return value;
}

static int unsent(int fd)
{
    int bytes = -1;
    assert_int_equal(ioctl(fd, SIOCOUTQNSD, &bytes), 0);
    return bytes;
}

static void test_a_peer_that_does_not_read(void **state)
{
    (void)state;
    static char text[LONG];
    struct raw *r = raw_open(&world, "/");
    assert_int_equal(setsockopt(r->fd, SOL_SOCKET, SO_RCVBUF, &(int){4096}, sizeof(int)), 0);
    assert_int_equal(weft_send(server.conn, WEFT_BINARY, text, sizeof text), 0);
    assert_int_equal(weft_send(server.conn, WEFT_BINARY, text, 1), 0);
    settle(&world);
    int held = unsent(accepted);
    assert_true(held > 0 && held <= UNSENT + BEYOND);
    assert_true(weft_buffered(server.conn) > 0);
    raw_free(r);
}

static void test_clients_and_servers_have_it(void **state)
{
    (void)state;
    const weft_dial dial = {.limits =
                                &(weft_limits){.unsent_max = 7777, .write_stall = WEFT_NEVER}};
    const weft_client_config cfg = {.dial = &dial};
    assert_int_equal(
        weft_connect(&client.conn, world.loop, world_url(&world, "/"), &cfg, &telling, &client), 0);
    turn_until(&world, told(&client.story, "open;"));
    assert_int_equal(option(accepted, TCP_NOTSENT_LOWAT), UNSENT);
    assert_int_equal(option(accepted, TCP_USER_TIMEOUT), 60000);
    assert_int_equal(option(connected, TCP_NOTSENT_LOWAT), 7777);
    assert_int_equal(option(connected, TCP_USER_TIMEOUT), 0); /* the system's */
}

#define unit(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(test_a_peer_that_does_not_read),
        unit(test_clients_and_servers_have_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
