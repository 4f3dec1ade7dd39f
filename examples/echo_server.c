/* SPDX-License-Identifier: MIT
 *
 * examples/echo_server.c - what is sent comes back
 *
 *      echo_server [ADDRESS]           127.0.0.1:8080 unless said otherwise
 *
 * Try it: weft ws://127.0.0.1:8080/echo
 */
#include <stdio.h>
#include <weft/weft.h>

static void echo(weft_conn *c, weft_opcode op, const void *data, size_t len)
{
    weft_send(c, op, data, len);
}

int main(int argc, char **argv)
{
    static const weft_handler handler = {.on_message = echo};
    weft_loop *loop;
    weft_server *server;
    char address[64];
    if (weft_loop_new(&loop, NULL) < 0 || weft_server_new(&server, loop, NULL) < 0) return 1;
    weft_server_route(server, "/echo", &handler, NULL);
    int error = weft_server_listen(server, argc > 1 ? argv[1] : "127.0.0.1:8080", NULL);
    if (error < 0) return dprintf(2, "%s\n", weft_strerror(error)), 1;
    weft_server_address(server, 0, address, sizeof address);
    dprintf(1, "ws://%s/echo\n", address);
    return weft_loop_run(loop) < 0;
}
