/* SPDX-License-Identifier: MIT
 *
 * examples/embed_epoll.c - weft as a guest in a program that has an epoll loop of its own
 *
 *      embed_epoll [ADDRESS]           127.0.0.1:8080 unless said otherwise
 *
 * weft's loop is one descriptor, readable whenever there is something to do; then it gets one turn that
 * does not wait. Beside it this program watches a timer of its own, and tells everyone on /clock how many
 * seconds have passed. Publishing between two turns only queues; it makes the descriptor readable.
 */
#include <stdint.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

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

static int every_second(void)
{
    const struct itimerspec second = {.it_interval = {.tv_sec = 1}, .it_value = {.tv_sec = 1}};
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    if (fd >= 0) timerfd_settime(fd, 0, &second, NULL);
    return fd;
}

static void watch(int epoll, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0) perror("epoll_ctl");
}

static void tell(weft_hub *hub, int timer)
{
    static uint64_t seconds;
    uint64_t passed;
    char text[32];
    if (read(timer, &passed, sizeof passed) != sizeof passed) return;
    seconds += passed;
    int len = snprintf(text, sizeof text, "%llu s", (unsigned long long)seconds);
    (void)!weft_publish(hub, "clock", WEFT_TEXT, text,
                        (size_t)len); /* the next second comes anyway */
}

int main(int argc, char **argv)
{
    weft_loop *loop;
    weft_hub *hub;
    int error = start(&loop, &hub, argc > 1 ? argv[1] : "127.0.0.1:8080");
    if (error < 0) {
        fprintf(stderr, "embed_epoll: %s\n", weft_strerror(error));
        return 1;
    }

    int epoll = epoll_create1(EPOLL_CLOEXEC), timer = every_second();
    watch(epoll, weft_loop_fd(loop));
    watch(epoll, timer);
    for (;;) {
        struct epoll_event event;
        if (epoll_wait(epoll, &event, 1, -1) != 1) continue;
        if (event.data.fd == timer) {
            tell(hub, timer);
        } else {
            weft_loop_turn(loop, 0);
        }
    }
}
