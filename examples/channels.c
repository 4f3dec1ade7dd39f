/* SPDX-License-Identifier: MIT
 *
 * examples/channels.c - every path is a channel, by every transport
 *
 *      channels [ADDRESS]           127.0.0.1:8080 unless said otherwise
 *
 *      curl -N 'localhost:8080/chat?stream=raw'            in one terminal
 *      curl -d hi localhost:8080/chat                      in another
 */
#include <stdio.h>

#include <weft/weft.h>

int main(int argc, char **argv)
{
    weft_loop *loop;
    weft_server *server;
    weft_channels *channels;
    char address[64];
    int error;

    if ((error = weft_loop_new(&loop, NULL)) < 0 ||
        (error = weft_server_new(&server, loop, NULL)) < 0 ||
        (error = weft_channels_new(&channels, loop, NULL)) < 0 ||
        (error = weft_channels_route(channels, server, "/*")) < 0 ||
        (error = weft_server_listen(server, argc > 1 ? argv[1] : "127.0.0.1:8080", NULL)) < 0) {
        fprintf(stderr, "channels: %s\n", weft_strerror(error));
        return 1;
    }
    weft_server_address(server, 0, address, sizeof address);
    printf("http://%s/\n", address);
    fflush(stdout);
    return weft_loop_run(loop) < 0;
}
