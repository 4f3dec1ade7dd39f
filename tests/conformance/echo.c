/* SPDX-License-Identifier: MIT
 *
 * tests/conformance/echo.c - what is sent comes back: the library alone, as server or as client
 *
 *      echo server BATCH DEFLATE TIMES [CERT KEY]    prints its port; ends after TIMES connections
 *      echo client BATCH DEFLATE TIMES URL [CA]      connects TIMES times, one after the other
 *
 * BATCH is "each" or "ring", how output goes to the kernel.
 * DEFLATE is "off", or "takeover" or "shared" with the windows and the threshold of weft_deflate,
 * "takeover:9:15:1"; 0 is the default. The driver is at the other end and plays one case on each
 * connection. What ends a connection is the case's affair; here only what should never happen is an
 * error: that there is no connection at all, or no way to send.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weft/weft.h>

struct echo {
    weft_handler handler;
    weft_deflate deflate;
    const char *url; /* NULL: a server */
    weft_dial dial;
    long left;
    int status;
};

static void next(weft_loop *l, struct echo *e)
{
    bool more = e->left-- > 0;
    if (more && !e->url) return;
    const weft_client_config config = {.dial = &e->dial};
    if (more && weft_connect(NULL, l, e->url, &config, &e->handler, e) == 0) return;
    weft_loop_stop(l);
}

static void give_up(struct echo *e, const char *why)
{
    fprintf(stderr, "echo: %s\n", why);
    e->status = 1;
    e->left = 0;
}

static void on_message(weft_conn *c, weft_opcode op, const void *data, size_t len)
{
    int r = weft_send(c, op, data, len);
    if (r < 0 && r != WEFT_ERR_CLOSED) give_up(weft_conn_user(c), weft_strerror(r));
}

static void on_close(weft_conn *c, const weft_close_info *info)
{
    struct echo *e = weft_conn_user(c);
    if (info->refusal || info->error == WEFT_ERR_CERTIFICATE || info->error == -ECONNREFUSED)
        give_up(e, info->cause);
    next(weft_conn_loop(c), e);
}

static bool parse_deflate(const char *text, struct echo *e)
{
    unsigned window, peer, threshold;
    char mode[16];
    if (!strcmp(text, "off")) return true;
    if (sscanf(text, "%15[a-z]:%u:%u:%u", mode, &window, &peer, &threshold) != 4) return false;
    e->deflate = (weft_deflate){.takeover = !strcmp(mode, "takeover"),
                                .window_bits = (uint8_t)window,
                                .peer_window_bits = (uint8_t)peer,
                                .threshold = threshold};
    e->handler.deflate = &e->deflate;
    return true;
}

static int serve(weft_loop *l, struct echo *e, const char *cert, const char *key)
{
    const weft_tls_pair pair = {cert, key};
    const weft_tls_config tls = {.certificates = &pair, .n_certificates = 1};
    weft_listen_options options = {0};
    weft_server *server;
    char address[64], why[200] = "no server";
    if (weft_server_new(&server, l, NULL) < 0 ||
        weft_server_route(server, "/echo", &e->handler, e) < 0 ||
        (cert && weft_tls_new(&options.tls, NULL, &tls, why, sizeof why) < 0) ||
        weft_server_listen(server, "127.0.0.1:0", &options) < 0)
        return dprintf(2, "echo: %s\n", why), 1;
    weft_server_address(server, 0, address, sizeof address);
    dprintf(1, "%s\n", strrchr(address, ':') + 1);
    next(l, e);
    int failed = weft_loop_run(l) < 0;
    weft_server_free(server);
    weft_tls_unref(options.tls);
    return failed;
}

static int connect_to(weft_loop *l, struct echo *e, const char *url, const char *ca)
{
    char why[200];
    e->url = url;
    if (weft_tls_new(&e->dial.tls, NULL, &(weft_tls_config){.authorities = ca}, why, sizeof why) <
        0)
        return dprintf(2, "echo: %s\n", why), 1;
    next(l, e);
    int failed = weft_loop_run(l) < 0;
    weft_tls_unref(e->dial.tls);
    return failed;
}

int main(int argc, char **argv)
{
    weft_loop *loop;
    static const weft_limits limits = {.max_message = 32 << 20};
    struct echo e = {
        .handler = {.on_message = on_message, .on_close = on_close, .limits = &limits}};
    if (argc < 5 || !parse_deflate(argv[3], &e)) return 2;
    weft_batch batch = strcmp(argv[2], "ring") ? WEFT_BATCH_EACH : WEFT_BATCH_RING;
    if (weft_loop_new(&loop, &(weft_loop_config){.batch = batch}) < 0) return 2;
    bool server = !strcmp(argv[1], "server");
    char *const *more = argv + 5;
    e.left = strtol(argv[4], NULL, 10);
    int failed = server ? serve(loop, &e, more[0], more[0] ? more[1] : NULL)
                        : connect_to(loop, &e, more[0], more[0] ? more[1] : NULL);
    weft_loop_free(loop);
    return failed | e.status;
}
