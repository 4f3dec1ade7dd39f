/* SPDX-License-Identifier: MIT
 *
 * examples/redis_ping.c - ask a Redis server whether it is there
 *
 *      redis_ping tcp://HOST:6379
 *      redis_ping tls://HOST:6380
 *      redis_ping unix:/run/redis/redis.sock
 */
#include <stdio.h>
#include <weft/weft.h>

static void ask(weft_pipe *p)
{
    if (weft_pipe_write(p, "PING\r\n", 6) < 0) weft_pipe_abort(p);
}

static int status = 1; /* until an answer has come that is no error */

/* The answer is one line, and may come in pieces. */
static void print(weft_pipe *p, void *data, size_t len)
{
    const char *text = data;
    printf("%.*s", (int)len, text);
    if (text[0] == '+') status = 0;
    if (text[len - 1] == '\n') weft_pipe_close(p);
}

static void done(weft_pipe *p, int error, const char *cause)
{
    if (error < 0) fprintf(stderr, "%s\n", cause);
    weft_loop_stop(weft_pipe_loop(p));
}

int main(int argc, char **argv)
{
    static const weft_pipe_handler handler = {.on_open = ask, .on_bytes = print, .on_close = done};
    static weft_loop *loop;
    if (argc != 2 || weft_loop_new(&loop, NULL) < 0) return 1;
    int error = weft_pipe_connect(NULL, loop, argv[1], NULL, &handler, NULL);
    if (error < 0) fprintf(stderr, "%s\n", weft_strerror(error));
    else weft_loop_run(loop);
    return status;
}
