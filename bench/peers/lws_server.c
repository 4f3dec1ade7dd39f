/* SPDX-License-Identifier: MIT
 *
 * bench/peers/lws_server.c - libwebsockets
 *
 *      lws_server [--deflate] [--cert FILE --key FILE]     prints its address; until it is killed
 *
 * /echo sends everything back; any other path is a channel: what is said there goes to all who are there.
 *
 *      fragments -> gathered -> a counted message -> queues -> when writable: as many as the socket takes
 */
#include <libwebsockets.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { QUEUE = 64, BUFFER = 65536 };

struct message {
    size_t users, len, room;
    enum lws_write_protocol kind;
    unsigned char bytes[]; /* LWS_PRE, then payload */
};

struct session {
    struct lws *wsi;
    struct session *next; /* of the channel */
    bool echoes;
    struct message *in;
    struct message *out[QUEUE]; /* a ring */
    size_t first, n;
};

static struct session *channel;
static bool deflates;

static void *must(void *p)
{
    if (!p) abort();
    return p;
}

static void drop(struct message *m)
{
    if (m && --m->users == 0) free(m);
}

/* Whether a message is whole. */
static bool gather(struct session *s, const void *data, size_t len)
{
    size_t had = s->in ? s->in->len : 0, more = lws_remaining_packet_payload(s->wsi);
    if (!s->in || had + len > s->in->room) {
        size_t room = had + len + more;
        s->in = must(realloc(s->in, sizeof *s->in + LWS_PRE + room));
        s->in->room = room;
    }
    if (len) memcpy(s->in->bytes + LWS_PRE + had, data, len);
    s->in->len = had + len;
    s->in->users = 1;
    s->in->kind = lws_frame_is_binary(s->wsi) ? LWS_WRITE_BINARY : LWS_WRITE_TEXT;
    return lws_is_final_fragment(s->wsi) && !more;
}

static void queue(struct session *s, struct message *m)
{
    if (s->n == QUEUE) abort();
    s->out[(s->first + s->n++) % QUEUE] = m;
    m->users++;
    lws_callback_on_writable(s->wsi);
}

static void pass_on(struct session *s)
{
    struct message *m = s->in;
    s->in = NULL;
    if (s->echoes) queue(s, m);
    for (struct session *to = channel; !s->echoes && to; to = to->next) queue(to, m);
    drop(m);
}

/* A compressed message may leave in parts, and libwebsockets does not say when it has. */
static int write_some(struct session *s)
{
    size_t most = deflates ? 1 : QUEUE;
    for (; s->n && most && !lws_send_pipe_choked(s->wsi); most--) {
        struct message *m = s->out[s->first];
        if (lws_write(s->wsi, m->bytes + LWS_PRE, m->len, m->kind) < (int)m->len) return -1;
        s->first = (s->first + 1) % QUEUE;
        s->n--;
        drop(m);
    }
    if (s->n) lws_callback_on_writable(s->wsi);
    return 0;
}

static void enter(struct session *s, struct lws *wsi)
{
    char path[64] = "";
    lws_hdr_copy(wsi, path, sizeof path, WSI_TOKEN_GET_URI);
    *s = (struct session){.wsi = wsi, .echoes = !strcmp(path, "/echo")};
    if (s->echoes) return;
    s->next = channel;
    channel = s;
}

static void leave(struct session *s)
{
    for (struct session **at = &channel; *at; at = &(*at)->next)
        if (*at == s) {
            *at = s->next;
            break;
        }
    drop(s->in);
    for (; s->n; s->n--, s->first = (s->first + 1) % QUEUE) drop(s->out[s->first]);
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *data,
                    size_t len)
{
    struct session *s = user;
    switch (reason) {
    case LWS_CALLBACK_ESTABLISHED: enter(s, wsi); break;
    case LWS_CALLBACK_CLOSED: leave(s); break;
    case LWS_CALLBACK_RECEIVE:
        if (gather(s, data, len)) pass_on(s);
        break;
    case LWS_CALLBACK_SERVER_WRITEABLE: return write_some(s);
    default: break;
    }
    return 0;
}

static const char *value_of(int argc, char **argv, const char *flag)
{
    for (int i = 1; i + 1 < argc; i++)
        if (!strcmp(argv[i], flag)) return argv[i + 1];
    return NULL;
}

int main(int argc, char **argv)
{
    static const struct lws_protocols protocols[] = {
        {.name = "any",
         .callback = on_event,
         .per_session_data_size = sizeof(struct session),
         .rx_buffer_size = BUFFER},
        {0},
    };
    static const struct lws_extension extensions[] = {
        {"permessage-deflate", lws_extension_callback_pm_deflate, "permessage-deflate"}, {0}};
    const char *cert = value_of(argc, argv, "--cert");
    deflates = argc > 1 && !strcmp(argv[1], "--deflate");
    struct lws_context_creation_info info = {
        .iface = "127.0.0.1",
        .protocols = protocols,
        .extensions = deflates ? extensions : NULL,
        .options = cert ? LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT : 0,
        .ssl_cert_filepath = cert,
        .ssl_private_key_filepath = value_of(argc, argv, "--key"),
        .pt_serv_buf_size = BUFFER,
        .gid = -1,
        .uid = -1,
    };
    lws_set_log_level(LLL_ERR, NULL);
    struct lws_context *context = must(lws_create_context(&info));
    printf("%s://127.0.0.1:%d\n", cert ? "wss" : "ws",
           lws_get_vhost_listen_port(lws_get_vhost_by_name(context, "default")));
    fflush(stdout);
    while (lws_service(context, 0) >= 0) continue;
    return 1;
}
