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
    if (weft_send(c, op, data, len) < 0) weft_abort(c);
    else if (weft_backlogged(c)) weft_pause(c); /* who reads late may send late: until on_drain */
}

int main(int argc, char **argv)
{
    static const weft_handler handler = {.on_message = echo, .on_drain = weft_resume};
    weft_loop *loop;
    weft_server *server;
    char at[64];
    if (weft_loop_new(&loop, NULL) < 0 || weft_server_new(&server, loop, NULL) < 0) return 1;
    int error = weft_server_route(server, "/echo", &handler, NULL);
    if (!error) error = weft_server_listen(server, argc > 1 ? argv[1] : "127.0.0.1:8080", NULL);
    if (error < 0) return dprintf(2, "%s\n", weft_strerror(error)), 1;
    if (weft_server_address(server, 0, at, sizeof at) > 0) dprintf(1, "ws://%s/echo\n", at);
    return weft_loop_run(loop) < 0;
}
