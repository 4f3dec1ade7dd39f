/* SPDX-License-Identifier: MIT
 *
 * tests/conformance/echo_client.c - a client that sends back what it is sent, again and again
 *
 *      echo_client URL TIMES [CA]      connects TIMES times, one after the other; CA: who signs for wss
 *
 * The driver is the server at URL and plays one case on each connection. What ends a connection is the
 * case's affair; here only what should never happen is an error: that there is no connection at all, or
 * no way to send.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <weft/weft.h>

struct echo {
    const char *url;
    weft_client_config config;
    long left;
    int status;
};

static const weft_handler handler;

static void next(weft_loop *l, struct echo *e)
{
    if (e->left-- > 0 && weft_connect(NULL, l, e->url, &e->config, &handler, e) == 0) return;
    weft_loop_stop(l);
}

static void give_up(weft_conn *c, const char *why)
{
    struct echo *e = weft_conn_user(c);
    fprintf(stderr, "echo_client: %s\n", why);
    e->status = 1;
    e->left = 0;
}

static void on_message(weft_conn *c, weft_opcode op, const void *data, size_t len)
{
    int r = weft_send(c, op, data, len);
    if (r < 0 && r != WEFT_ERR_CLOSED) give_up(c, weft_strerror(r));
}

static void on_close(weft_conn *c, const weft_close_info *info)
{
    if (info->refusal || info->error == WEFT_ERR_CERTIFICATE || info->error == WEFT_ERR_HANDSHAKE ||
        info->error == -ECONNREFUSED)
        give_up(c, info->cause);
    next(weft_conn_loop(c), weft_conn_user(c));
}

static const weft_handler handler = {
    .on_message = on_message, .on_close = on_close, .max_message = 32 << 20};

int main(int argc, char **argv)
{
    weft_loop *loop;
    if (argc < 3 || weft_loop_new(&loop, NULL) < 0) return 2;
    struct echo e = {.url = argv[1],
                     .config = {.size = sizeof e.config, .ca_file = argv[3]},
                     .left = strtol(argv[2], NULL, 10)};
    next(loop, &e);
    if (weft_loop_run(loop) < 0) e.status = 1;
    weft_loop_free(loop);
    return e.status;
}
