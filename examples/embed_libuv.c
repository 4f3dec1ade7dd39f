/* SPDX-License-Identifier: MIT
 *
 * examples/embed_libuv.c - weft as a guest in libuv
 *
 *      embed_libuv [ADDRESS]           127.0.0.1:8080 unless said otherwise
 *
 * The same program as embed_epoll.c: a uv_poll_t gives weft its turns, and a uv_timer_t is what the
 * program does besides, telling everyone on /clock how many seconds have passed.
 */
#include <stdio.h>

#include <uv.h>

#include <weft/weft.h>

static void join(weft_conn *c)
{
    weft_hub *hub = weft_conn_user(c);
    if (weft_subscribe(hub, c, "clock") < 0) weft_close(c, WEFT_CLOSE_TRY_AGAIN_LATER, NULL);
}

static const weft_handler clock_handler = {.on_open = join};

static int start(weft_loop **loop, weft_hub **hub, const char *address)
{
    weft_server *server;
    char text[64];
    int error;

    if ((error = weft_loop_new(loop, NULL)) < 0 || (error = weft_hub_new(hub, *loop, NULL)) < 0 ||
        (error = weft_server_new(&server, *loop, NULL)) < 0 ||
        (error = weft_server_route(server, "/clock", &clock_handler, *hub)) < 0 ||
        (error = weft_server_listen(server, address, NULL)) < 0)
        return error;
    weft_server_address(server, 0, text, sizeof text);
    printf("ws://%s/clock\n", text);
    fflush(stdout);
    return 0;
}

static void turn(uv_poll_t *poll, int status, int events)
{
    (void)status, (void)events;
    weft_loop_turn(poll->data, 0);
}

static void tell(uv_timer_t *timer)
{
    static unsigned seconds;
    char text[32];
    int len = snprintf(text, sizeof text, "%u s", ++seconds);
    (void)!weft_publish(timer->data, "clock", WEFT_TEXT, text, (size_t)len);
}

int main(int argc, char **argv)
{
    weft_loop *loop;
    weft_hub *hub;
    int error = start(&loop, &hub, argc > 1 ? argv[1] : "127.0.0.1:8080");
    if (error < 0) {
        fprintf(stderr, "embed_libuv: %s\n", weft_strerror(error));
        return 1;
    }

    uv_poll_t poll = {.data = loop};
    uv_timer_t timer = {.data = hub};
    uv_poll_init(uv_default_loop(), &poll, weft_loop_fd(loop));
    uv_poll_start(&poll, UV_READABLE, turn);
    uv_timer_init(uv_default_loop(), &timer);
    uv_timer_start(&timer, tell, 1000, 1000);
    return uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}
