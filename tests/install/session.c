/* SPDX-License-Identifier: MIT
 *
 * A stranger's program on libweft-core: a request for a WebSocket is checked, and a client's session says hello to a
 * server's, without a network.
 */
#include <stdio.h>
#include <string.h>

#include <weft/handshake.h>

static int handshake(void)
{
    char text[] =
        "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    weft_span in = {(uint8_t *)text, sizeof text - 1};
    weft_field fields[8];
    weft_request_head head;
    weft_handshake answer;

    return weft_head_parse(&in, NULL, fields, 8, &head, &answer) == 1
               ? weft_handshake_check(&head, NULL, &answer)
               : 0;
}

int main(void)
{
    weft_session *client, *server;
    uint8_t wire[64];
    weft_span in = {wire, 0};
    weft_event event;
    struct iovec iov[4];
    int i, n;

    if (handshake() != 101 || weft_session_new(&client, WEFT_CLIENT, NULL) < 0 ||
        weft_session_new(&server, WEFT_SERVER, NULL) < 0 ||
        weft_session_send(client, WEFT_TEXT, "hello", 5) < 0)
        return 1;
    n = weft_session_output(client, iov, 4);
    for (i = 0; i < n; i++) {
        memcpy(wire + in.len, iov[i].iov_base, iov[i].iov_len);
        in.len += iov[i].iov_len;
    }
    if (weft_session_read(server, &in, &event) != 1 || event.len != 5 ||
        memcmp(event.data, "hello", 5) != 0)
        return 1;
    printf("weft-core %s says hello\n", weft_version());
    weft_session_free(client);
    weft_session_free(server);
    return 0;
}
