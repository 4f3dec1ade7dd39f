/* SPDX-License-Identifier: MIT
 *
 * tests/e2e/lws_peer.c - libwebsockets as a peer for the table of peers.test.mjs
 *
 *      lws_peer [compressing-]client PORT CA    says everything, and insists on hearing it again; exit 0
 *      lws_peer server CERT KEY                 prints its port, echoes; until it is killed
 *
 * CA, CERT and KEY may be "". It offers, or agrees to, permessage-deflate as libwebsockets does. Its client
 * reads a message that is not compressed again and again once that is agreed on (issue 2794 of theirs, open
 * in 2022), so "client" is for a server that does not compress, and "compressing-client" says only what is
 * worth being compressed.
 *
 * A message is written in one go when it is short, and in frames of PIECE bytes when it is not.
 */
#include <libwebsockets.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LARGEST = 1 << 20, PIECE = 16384 };

/* One connection at a time in each role. */
struct message {
    enum lws_write_protocol kind;
    size_t len, sent;
    unsigned char *bytes;
};

static struct message out, in;
static unsigned char room[LWS_PRE + PIECE]; /* what is written is masked in place */
static size_t step;
static int compressing, pending, result = 1, over;

static void fill(struct message *m, size_t n, int is_text)
{
    m->kind = is_text ? LWS_WRITE_TEXT : LWS_WRITE_BINARY;
    m->len = m->sent = 0;
    for (size_t i = 0; m->len + 8 <= n; i++) {
        const char *row = i % 3 ? "{\"id\": %03zu}" : "gr\xc3\xb6\xc3\x9f%03zu";
        char text[32];
        size_t len = (size_t)snprintf(text, sizeof text, row, i % 1000);
        if (len > n - m->len) break;
        memcpy(m->bytes + m->len, text, len);
        m->len += len;
    }
    for (size_t i = 0; !is_text && i < m->len; i++)
        m->bytes[i] = (unsigned char)(i * i * 31 + (i >> 3));
}

/* What the client says, in order; false: that was all. */
static int next_message(void)
{
    static const struct {
        size_t len;
        int is_text;
    } all[] = {{1000, 1}, {70000, 1}, {LARGEST, 1}, {300, 1}, {10, 1}, {100, 1}, {LARGEST, 0}};
    if (step == (compressing ? 4 : sizeof all / sizeof *all)) return 0;
    fill(&out, all[step].len, all[step].is_text);
    step++;
    return 1;
}

static void write_more(struct lws *wsi)
{
    size_t n = out.len - out.sent < PIECE ? out.len - out.sent : PIECE;
    int first = out.sent == 0, last = out.sent + n == out.len;
    int flags = lws_write_ws_flags((int)out.kind, first, last);
    memcpy(room + LWS_PRE, out.bytes + out.sent, n);
    if (lws_write(wsi, room + LWS_PRE, n, (enum lws_write_protocol)flags) < (int)n) over = 1;
    out.sent += n;
    pending = !last;
    if (pending) lws_callback_on_writable(wsi);
}

static void write_soon(struct lws *wsi)
{
    pending = 1;
    lws_callback_on_writable(wsi);
}

/* Whether a message is complete. */
static int gather(struct lws *wsi, const void *data, size_t len)
{
    if (lws_is_first_fragment(wsi)) in.len = 0;
    if (in.len + len > LARGEST) abort();
    if (len) memcpy(in.bytes + in.len, data, len);
    in.len += len;
    in.kind = lws_frame_is_binary(wsi) ? LWS_WRITE_BINARY : LWS_WRITE_TEXT;
    return lws_is_final_fragment(wsi) && !lws_remaining_packet_payload(wsi);
}

static int on_client(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *data,
                     size_t len)
{
    (void)user;
    switch (reason) {
    case LWS_CALLBACK_CLIENT_ESTABLISHED:
        next_message();
        write_soon(wsi);
        break;
    case LWS_CALLBACK_CLIENT_WRITEABLE:
        if (pending) write_more(wsi);
        break;
    case LWS_CALLBACK_CLIENT_RECEIVE:
        if (!gather(wsi, data, len)) break;
        if (in.kind != out.kind || in.len != out.len || memcmp(in.bytes, out.bytes, in.len)) {
            fprintf(stderr, "message %zu: %zu bytes are not the %zu\n", step, in.len, out.len);
            return -1;
        }
        if (next_message()) {
            write_soon(wsi);
            break;
        }
        result = 0;
        lws_close_reason(wsi, (enum lws_close_status)4321, (unsigned char *)"that is all", 11);
        return -1;
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
        fprintf(stderr, "%s\n", data ? (const char *)data : "no connection");
        over = 1;
        break;
    case LWS_CALLBACK_CLIENT_CLOSED: over = 1; break;
    default: break;
    }
    return 0;
}

/* What has come and is not yet echoed. (libwebsockets' own flow control loses what TLS holds.) */
static struct message waiting[16];
static size_t n_waiting;

static void echo_next(struct lws *wsi)
{
    if (pending || !n_waiting) return;
    memcpy(out.bytes, waiting[0].bytes, waiting[0].len);
    out.kind = waiting[0].kind, out.len = waiting[0].len, out.sent = 0;
    free(waiting[0].bytes);
    memmove(waiting, waiting + 1, --n_waiting * sizeof *waiting);
    write_soon(wsi);
}

static void keep(void)
{
    struct message *m = &waiting[n_waiting++];
    if (n_waiting == sizeof waiting / sizeof *waiting) abort();
    *m = (struct message){.kind = in.kind, .len = in.len, .bytes = malloc(in.len + 1)};
    if (!m->bytes) abort();
    memcpy(m->bytes, in.bytes, in.len);
}

static int on_server(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *data,
                     size_t len)
{
    (void)user;
    if (reason == LWS_CALLBACK_SERVER_WRITEABLE && pending) write_more(wsi);
    if (reason == LWS_CALLBACK_RECEIVE && gather(wsi, data, len)) keep();
    echo_next(wsi);
    return 0;
}

static const struct lws_extension extensions[] = {
    {"permessage-deflate", lws_extension_callback_pm_deflate,
     "permessage-deflate; client_max_window_bits"},
    {NULL, NULL, NULL},
};

static struct lws_context *context_for(lws_callback_function *callback, const char *cert,
                                       const char *key, const char *ca)
{
    static struct lws_protocols protocols[2];
    protocols[0] =
        (struct lws_protocols){.name = "peer", .callback = callback, .rx_buffer_size = 65536};
    int client = callback == on_client;
    struct lws_context_creation_info info = {
        .port = client ? CONTEXT_PORT_NO_LISTEN : 0,
        .iface = client ? NULL : "127.0.0.1",
        .protocols = protocols,
        .extensions = extensions,
        .options = *cert || *ca ? LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT : 0,
        .ssl_cert_filepath = *cert ? cert : NULL,
        .ssl_private_key_filepath = *key ? key : NULL,
        .client_ssl_ca_filepath = *ca ? ca : NULL,
        .gid = -1,
        .uid = -1,
    };
    lws_set_log_level(LLL_ERR, NULL);
    return lws_create_context(&info);
}

int main(int argc, char **argv)
{
    if (argc != 4) return 2;
    int client = strcmp(argv[1], "server") != 0;
    compressing = !strcmp(argv[1], "compressing-client");
    in.bytes = malloc(LARGEST);
    out.bytes = malloc(LARGEST);
    if (!in.bytes || !out.bytes) return 2;
    struct lws_context *context = client ? context_for(on_client, "", "", argv[3])
                                         : context_for(on_server, argv[2], argv[3], "");
    if (!context) return 2;
    if (client) {
        struct lws_client_connect_info to = {
            .context = context,
            .address = "localhost",
            .port = atoi(argv[2]),
            .path = "/echo",
            .host = "localhost",
            .ssl_connection = *argv[3] ? LCCSCF_USE_SSL : 0,
            .local_protocol_name = "peer",
        };
        if (!lws_client_connect_via_info(&to)) over = 1;
    } else {
        printf("%d\n", lws_get_vhost_listen_port(lws_get_vhost_by_name(context, "default")));
        fflush(stdout);
    }
    while (!over && lws_service(context, 0) >= 0) continue;
    lws_context_destroy(context);
    free(in.bytes);
    free(out.bytes);
    return result;
}
