/* SPDX-License-Identifier: MIT
 *
 * A program's own functions, which happen to be called as some inside weft are. Whoever links this with weft gets no
 * error of the linker's, and weft does not call one of them.
 */
#include <stdlib.h>

#define MINE(name)   \
    void name(void); \
    void name(void)  \
    {                \
        abort();     \
    }

/* base: every session and every handshake needs them; some are inline there */
MINE(base64_decode)
MINE(base64_encode)
MINE(blob_new)
MINE(buf_append)
MINE(buf_init)
MINE(bytes_is_token)
MINE(list_remove)
MINE(mem_alloc)
MINE(outq_push)
MINE(sha1)
MINE(utf8_feed)
MINE(utf8_valid)

/* ws */
MINE(deflater_new)
MINE(inflater_new)
MINE(session_init)
MINE(window_new)

/* http, io, net */
MINE(conn_new)
MINE(h1_feed)
MINE(lane_become)
MINE(loop_bury)
MINE(sock_listen)
MINE(stream_init)
MINE(listener_open)
MINE(tls_connect)
MINE(wire_on_bytes)
