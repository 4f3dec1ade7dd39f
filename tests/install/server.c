/* SPDX-License-Identifier: MIT
 *
 * A stranger's program on libweft: listens on a port that the kernel chooses, says which, and leaves.
 */
#include <stdio.h>

#include <weft/weft.h>

int main(void)
{
    weft_loop *loop;
    weft_server *server;
    char address[64];
    int error;

    if ((error = weft_loop_new(&loop, NULL)) < 0 ||
        (error = weft_server_new(&server, loop, NULL)) < 0 ||
        (error = weft_server_listen(server, "127.0.0.1:0", NULL)) < 0 ||
        (error = weft_loop_turn(loop, 0)) < 0) {
        fprintf(stderr, "server: %s\n", weft_strerror(error));
        return 1;
    }
    weft_server_address(server, 0, address, sizeof address);
    printf("weft %s would serve on %s\n", weft_version(), address);
    weft_server_free(server);
    weft_loop_free(loop);
    return 0;
}
