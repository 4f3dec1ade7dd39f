/* SPDX-License-Identifier: MIT
 *
 * libweft-core alone: an opening handshake without a network, both ends of it, and a message after that.
 */
#include <stdio.h>
#include <string.h>

#include <weft/handshake.h>

#define BYTES(text)                               \
    {                                             \
        (const uint8_t *)(text), sizeof(text) - 1 \
    }

static bool shake_hands(void)
{
    static char key[WEFT_KEY_LEN + 1];
    weft_handshake answer;
    weft_agreement agreement = {.key = key};
    if (weft_handshake_key(NULL, key) < 0) return false;
    const weft_field asked[] = {{BYTES("Host"), BYTES("localhost")},
                                {BYTES("Upgrade"), BYTES("websocket")},
                                {BYTES("Connection"), BYTES("Upgrade")},
                                {BYTES("Sec-WebSocket-Version"), BYTES("13")},
                                {BYTES("Sec-WebSocket-Key"), {(const uint8_t *)key, WEFT_KEY_LEN}}};
    const weft_request_head head = {BYTES("GET"), BYTES("/"), 11, asked,
                                    sizeof asked / sizeof *asked};
    if (weft_handshake_check(&head, NULL, &answer) != 101) return false;
    const weft_field said[] = {
        {BYTES("Upgrade"), BYTES("websocket")},
        {BYTES("Connection"), BYTES("Upgrade")},
        {BYTES("Sec-WebSocket-Accept"), {(const uint8_t *)answer.accept, WEFT_ACCEPT_LEN}}};
    return weft_handshake_verify(said, sizeof said / sizeof *said, &agreement) == 0;
}

/* What one has to send, received by the other. */
static bool carry(weft_session *from, weft_session *to, const char *wanted)
{
    uint8_t wire[64];
    weft_span in = {wire, 0};
    weft_event event;
    struct iovec iov[4];
    int n = weft_session_output(from, iov, 4);
    for (int i = 0; i < n; i++) {
        memcpy(wire + in.len, iov[i].iov_base, iov[i].iov_len);
        in.len += iov[i].iov_len;
    }
    return weft_session_read(to, &in, &event) == 1 && event.len == strlen(wanted) &&
           memcmp(event.data, wanted, event.len) == 0;
}

int main(void)
{
    weft_session *client, *server;
    if (!shake_hands()) return 1;
    if (weft_session_new(&client, WEFT_CLIENT, NULL) < 0 ||
        weft_session_new(&server, WEFT_SERVER, NULL) < 0)
        return 1;
    if (weft_session_send(client, WEFT_TEXT, "hello", 5) < 0 || !carry(client, server, "hello"))
        return 1;
    printf("weft-core %s says hello\n", weft_version());
    weft_session_free(client);
    weft_session_free(server);
    return 0;
}
