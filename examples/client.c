/* SPDX-License-Identifier: MIT
 *
 * examples/client.c - print the next thing that is said on a channel, and leave
 *
 *      client ws://HOST:PORT/PATH
 */
#include <stdio.h>
#include <stdlib.h>
#include <weft/weft.h>

static void print(weft_conn *c, weft_opcode op, const void *data, size_t len)
{
    if (op == WEFT_TEXT && weft_conn_is_open(c)) printf("%.*s\n", (int)len, (const char *)data);
    weft_close(c, WEFT_CLOSE_NORMAL, NULL);
}

static void done(weft_conn *c, const weft_close_info *info)
{
    (void)c, exit(info->error < 0 && fprintf(stderr, "%s\n", info->cause) > 0);
}

int main(int argc, char **argv)
{
    static const weft_handler handler = {.on_message = print, .on_close = done};
    static weft_loop *loop;
    if (argc != 2 || weft_loop_new(&loop, NULL) < 0) return 1;
    int error = weft_connect(NULL, loop, argv[1], NULL, &handler, NULL);
    return error < 0 ? fprintf(stderr, "%s\n", weft_strerror(error)), 1 : weft_loop_run(loop) < 0;
}
