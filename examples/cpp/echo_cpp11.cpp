/* SPDX-License-Identifier: MIT
 *
 * examples/cpp/echo_cpp11.cpp - the headers as they are, in C++11: no designated initialisers, nothing in between
 *
 *      echo_cpp11 [ADDRESS]            127.0.0.1:8080 unless said otherwise
 *
 * A struct of weft's that is value-initialised is all zero, which means defaults; then say what differs.
 */
#include <cstdio>

#include <weft/weft.h>

extern "C" {

static void on_message(weft_conn *c, weft_opcode op, const void *data, size_t len)
{
    if (weft_send(c, op, data, len) < 0) weft_abort(c);
}

static void on_close(weft_conn *, const weft_close_info *info)
{
    if (info->error < 0) std::fprintf(stderr, "%s\n", info->cause);
}
}

int main(int argc, char **argv)
{
    weft_limits limits = weft_limits();
    weft_server_config config = weft_server_config();
    weft_handler handler = weft_handler();
    weft_loop *loop;
    weft_server *server;
    char address[64];

    limits.max_message = 4 << 20;
    config.limits = &limits;
    handler.on_message = on_message;
    handler.on_close = on_close;

    int error = weft_loop_new(&loop, nullptr);
    if (error == 0) error = weft_server_new(&server, loop, &config);
    if (error == 0) error = weft_server_route(server, "/echo", &handler, nullptr);
    if (error == 0)
        error = weft_server_listen(server, argc > 1 ? argv[1] : "127.0.0.1:8080", nullptr);
    if (error < 0) {
        std::fprintf(stderr, "echo_cpp11: %s\n", weft_strerror(error));
        return 1;
    }
    weft_server_address(server, 0, address, sizeof address);
    std::printf("ws://%s/echo\n", address);
    std::fflush(stdout);
    return weft_loop_run(loop) < 0;
}
