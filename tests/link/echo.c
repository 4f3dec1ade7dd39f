/* SPDX-License-Identifier: MIT
 *
 * A server and a client on one loop: the client says hello, and leaves when it is said back. A smoke test of a weft
 * that was built or linked in another way. It says whether the two agreed on compression.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <weft/weft.h>

static const char hello[] =
    "hello, hello, hello, hello, hello, hello, hello, hello, hello, hello, hello, hello";
static bool heard, over;

static void echo(weft_conn *c, weft_opcode op, const void *data, size_t len)
{
    if (weft_send(c, op, data, len) < 0) weft_abort(c);
}

static void say_hello(weft_conn *c)
{
    if (weft_send(c, WEFT_TEXT, hello, strlen(hello)) < 0) weft_abort(c);
}

static void listen_to(weft_conn *c, weft_opcode op, const void *data, size_t len)
{
    heard = op == WEFT_TEXT && len == strlen(hello) && memcmp(data, hello, len) == 0;
    printf("weft %s says hello, %s\n", weft_version(),
           weft_conn_deflate(c)->on ? "compressed" : "not compressed");
    weft_close(c, WEFT_CLOSE_NORMAL, NULL);
}

static void leave(weft_conn *c, const weft_close_info *info)
{
    (void)c;
    if (info->error < 0) fprintf(stderr, "client: %s\n", info->cause);
    over = true;
}

static int serve(weft_server **server, weft_loop *loop, char *url, size_t size)
{
    static const weft_deflate deflate = {.threshold = 1};
    static const weft_handler handler = {.on_message = echo, .deflate = &deflate};
    char address[64];
    int error;
    if ((error = weft_server_new(server, loop, NULL)) < 0 ||
        (error = weft_server_route(*server, "/", &handler, NULL)) < 0 ||
        (error = weft_server_listen(*server, "127.0.0.1:0", NULL)) < 0)
        return error;
    if (weft_server_address(*server, 0, address, sizeof address) <= 0) return -EINVAL;
    snprintf(url, size, "ws://%s/", address);
    return 0;
}

int main(void)
{
    static const weft_deflate deflate = {.threshold = 1};
    static const weft_handler handler = {
        .on_open = say_hello, .on_message = listen_to, .on_close = leave, .deflate = &deflate};
    weft_loop *loop;
    weft_server *server;
    char url[80];
    int error;
    if ((error = weft_loop_new(&loop, NULL)) < 0 ||
        (error = serve(&server, loop, url, sizeof url)) < 0 ||
        (error = weft_connect(NULL, loop, url, NULL, &handler, NULL)) < 0) {
        fprintf(stderr, "%s\n", weft_strerror(error));
        return 1;
    }
    while (!over && weft_loop_turn(loop, 1000) >= 0) continue;
    weft_server_free(server);
    weft_loop_free(loop);
    return !heard;
}
