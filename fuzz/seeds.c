/* SPDX-License-Identifier: MIT
 *
 * fuzz/seeds.c - what the harnesses start from, made of the wire cases
 *
 *      fuzz-seeds DIR                  DIR/<harness>/<number> for every input of tests/cases
 *
 * Each input is put in the form that the harness reads: its choices first. Generated into the build, so
 * that a new case is a new seed.
 */
#include <sys/stat.h>

#include <openssl/x509v3.h>

#include "ws/case_script.h"
#include "ws/case_wire.h"
#include <weft/channel.h>

enum { SEED_MOST = 4096, VARIATIONS = 6 };

static const char *folder;
static unsigned number;

static void seed(const char *harness, const struct bytes *b)
{
    char path[600];
    if (b->len > SEED_MOST) return;
    snprintf(path, sizeof path, "%s/%s", folder, harness);
    (void)mkdir(path, 0777);
    snprintf(path, sizeof path, "%s/%s/%05u", folder, harness, number++);
    FILE *f = fopen(path, "w");
    if (!f || fwrite(b->data, 1, b->len, f) != b->len || fclose(f) != 0)
        case_die(path, "cannot be written");
}

static void seed_text(const char *harness, const char *text)
{
    struct bytes b = {0};
    bytes_add(&b, text, strlen(text));
    seed(harness, &b);
    bytes_free(&b);
}

/* ---- frames ---------------------------------------------------------------------------------- */

static void session_seed(const struct script *s)
{
    struct bytes b = {0};
    unsigned client = s->role == WEFT_CLIENT, tight = s->limits.max_message != 0;
    unsigned chunked = s->chunked, echo = s->echo;
    unsigned deflate = s->params.on, takeover = s->deflate.takeover;
    unsigned windows =
        s->params.server_max_window_bits > 9 ? 3 : s->params.server_max_window_bits & 1;
    bytes_add_byte(&b, client | chunked << 1 | echo << 2 | tight << 3 | deflate << 4 |
                           takeover << 5 | windows << 6);
    bytes_add_byte(&b, 0);
    bytes_add(&b, "\2\0\4", 3); /* two sizes: one byte, five bytes */
    bytes_add(&b, s->input.data, s->input.len);
    seed("fuzz_session", &b);
    bytes_free(&b);
}

/* The stream as steps: raw bytes, at most 255 each. */
static void add_raw(struct bytes *b, const struct bytes *stream)
{
    for (size_t at = 0; at < stream->len;) {
        size_t n = stream->len - at < 255 ? stream->len - at : 255;
        bytes_add_byte(b, 0);
        bytes_add_byte(b, (unsigned)n);
        bytes_add(b, stream->data + at, n);
        at += n;
    }
}

/* A call, a handshake, and the stream. */
static void server_seed(const struct script *s)
{
    struct bytes b = {0};
    if (s->role != WEFT_SERVER || s->input.len > SEED_MOST / 2) return;
    bytes_add_byte(&b, 11);
    bytes_add_byte(&b, 1);
    bytes_add_byte(&b, s->chunked);
    add_raw(&b, &s->input);
    seed("fuzz_server", &b);
    bytes_free(&b);
}

/* URL and configuration, two turns until the request is there, its 101, and the stream. */
static void client_seed(const struct script *s)
{
    struct bytes b = {0};
    if (s->role != WEFT_CLIENT || s->input.len > SEED_MOST / 2) return;
    bytes_add(&b, "\0\0\5\0\5\0\1\0", 8);
    add_raw(&b, &s->input);
    seed("fuzz_client", &b);
    bytes_free(&b);
}

/* The payloads of frames that are compressed, one by one. */
static void deflate_seeds(const struct script *s)
{
    struct wire_frame f;
    for (size_t at = 0;
         at < s->input.len && wire_head(s->input.data + at, s->input.len - at, &f);) {
        struct bytes b = {0};
        if (f.length > s->input.len - at - f.head) return;
        at += f.head;
        bytes_add_byte(&b, s->deflate.takeover ? 0xfe : 0xff);
        bytes_add_byte(&b, 128);
        for (size_t i = 0; i < f.length; i++)
            bytes_add_byte(&b, (unsigned)s->input.data[at + i] ^ (f.masked ? f.key[i & 3] : 0u));
        if (f.rsv == 4 && f.opcode < 3) seed("fuzz_deflate", &b);
        bytes_free(&b);
        at += f.length;
    }
}

static void payload_seeds(const struct script *s)
{
    for (size_t i = 0; i < s->n_steps; i++)
        for (size_t k = 0; k < s->steps[i].n_events; k++) {
            struct bytes b = {0};
            bytes_add_byte(&b, 100);
            bytes_add(&b, s->steps[i].events[k].payload.data, s->steps[i].events[k].payload.len);
            if (s->steps[i].events[k].opcode == WEFT_TEXT && b.len > 4) seed("fuzz_utf8", &b);
            bytes_free(&b);
        }
}

static void wire_seeds(const struct case_text *c)
{
    static struct script s;
    size_t n = case_variations(c);
    for (size_t i = 0; i < n && i < VARIATIONS; i++)
        for (weft_role role = WEFT_SERVER; role <= WEFT_CLIENT; role++) {
            script_make(&s, c, i, role);
            session_seed(&s);
            server_seed(&s);
            client_seed(&s);
            payload_seeds(&s);
            deflate_seeds(&s);
            script_free(&s);
        }
}

/* ---- header fields --------------------------------------------------------------------------- */

static void add_text(struct bytes *b, const char *text)
{
    bytes_add(b, text, strlen(text));
}

static const char *const request_fields[] = {"Host: server.example.com",
                                             "Upgrade: websocket",
                                             "Connection: Upgrade",
                                             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
                                             "Origin: http://server.example.com",
                                             "Sec-WebSocket-Version: 13",
                                             NULL};
static const char *const response_fields[] = {
    "Upgrade: websocket", "Connection: Upgrade",
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", NULL};

/* Whether a line of the case takes the sample's field away, or puts another in its place. */
static bool is_changed(const struct case_text *c, const char *field)
{
    size_t len = strcspn(field, ":");
    for (size_t i = 0; i < c->n_lines; i++)
        if ((!strcmp(c->lines[i].key, "without") || !strcmp(c->lines[i].key, "with")) &&
            !strncasecmp(c->lines[i].value, field, len))
            return true;
    return false;
}

static void add_fields(struct bytes *b, const struct case_text *c, size_t variation,
                       const char *const *sample, const char *end)
{
    for (; *sample; sample++)
        if (!is_changed(c, *sample)) add_text(b, *sample), add_text(b, end);
    for (size_t i = 0; i < c->n_lines; i++) {
        const char *key = c->lines[i].key;
        if (strcmp(key, "with") != 0 && strcmp(key, "also") != 0) continue;
        char *value = case_expand(c, variation, &c->lines[i]);
        add_text(b, value), add_text(b, end);
        free(value);
    }
}

static void handshake_seeds(const struct case_text *c)
{
    bool client = strstr(c->name, "client") != NULL;
    for (size_t i = 0; i < case_variations(c) && i < VARIATIONS; i++) {
        struct bytes fields = {0}, head = {0};
        bytes_add_byte(&fields, 16);
        bytes_add_byte(&fields, 0);
        add_text(&fields, "GET /chat\n");
        add_fields(&fields, c, i, client ? response_fields : request_fields, "\n");
        seed("fuzz_handshake", &fields);

        bytes_add_byte(&head, client ? 101 : 100);
        add_text(&head, client ? "HTTP/1.1 101 Switching Protocols\r\n" : "GET /chat HTTP/1.1\r\n");
        add_fields(&head, c, i, client ? response_fields : request_fields, "\r\n");
        add_text(&head, "\r\n");
        seed("fuzz_head", &head);
        bytes_free(&fields);
        bytes_free(&head);
    }
}

/* ---- proxies, TLS, and a client's ways to its server ----------------------------------------- */

#define SEED(harness, literal) seed_bytes(harness, literal, sizeof(literal) - 1)
#define PROXY_2                "\1\r\n\r\n\0\r\nQUIT\n"

static void seed_bytes(const char *harness, const char *bytes, size_t len)
{
    struct bytes b = {0};
    bytes_add(&b, bytes, len);
    seed(harness, &b);
    bytes_free(&b);
}

/* ---- a snapshot ------------------------------------------------------------------------------ */

static int seed_add(const void *data, size_t len, void *user)
{
    bytes_add(user, data, len);
    return 0;
}

/* Behind the byte that chooses: two channels and what they keep. */
static void snapshot_seeds(void)
{
    weft_loop *l;
    weft_channels *c;
    struct bytes b = {0};
    if (weft_loop_new(&l, NULL) < 0) return;
    if (weft_channels_new(&c, l, NULL) == 0) {
        weft_hub *h = weft_channels_hub(c);
        int error = weft_publish(h, "/a", WEFT_TEXT, "one", 3);
        if (!error) error = weft_publish(h, "/a", WEFT_BINARY, "\0\1", 2);
        if (!error) error = weft_publish(h, "/b", WEFT_TEXT, "", 0);
        bytes_add(&b, "\1", 1);
        if (!error && weft_channels_save(c, seed_add, &b) == 0) seed("fuzz_snapshot", &b);
        bytes_free(&b);
        weft_channels_free(c);
    }
    weft_loop_free(l);
}

static void proxy_seeds(void)
{
    SEED("fuzz_proxy", "\1PROXY TCP4 192.0.2.7 198.51.100.1 50312 443\r\nGET /");
    SEED("fuzz_proxy", "\1PROXY TCP6 2001:db8::7 ::1 1 65535\r\n");
    SEED("fuzz_proxy", "\1PROXY UNKNOWN\r\n");
    SEED("fuzz_proxy", PROXY_2 "\x21\x11\0\x0c\xc0\0\2\7\xc6\x33\x64\1\xc4\x88\1\xbb");
    SEED("fuzz_proxy", PROXY_2 "\x21\x11\0\x11\xc0\0\2\7\xc6\x33\x64\1\xc4\x88\1\xbb\4\0\2xy");
    SEED("fuzz_proxy", PROXY_2 "\x20\0\0\0");
    SEED("fuzz_proxy", "\x90"
                       "203.0.113.9, 192.0.2.7, 10.0.0.1\n[2001:db8::1]:80, 10.1.2.3:4\n!https");
    SEED("fuzz_proxy", "\x90unknown, _hidden, \"[2001:db8::1]\"");
    SEED("fuzz_proxy", "\xf0"
                       "10.0.0.0/8");
    SEED("fuzz_proxy", "\xf0::ffff:10.0.0.1/128");
}

/* Steps of fuzz_tls: what each end says after the handshake, and somebody's changes to it. */
static void tls_seeds(void)
{
    for (char choice = 0; choice < 8; choice++) {
        char script[] = "?\x00\xff\x80\xff\x00\xff\x80\xff\x09\x20\x89\xf0\x0c\0\x0a\0\x0c\0";
        script[0] = choice;
        seed_bytes("fuzz_tls", script, sizeof script - 1);
    }
    SEED("fuzz_tls", "\2\x0d\x78\x0c\0\x0c\0");                 /* a ticket of the key before */
    SEED("fuzz_tls", "\3\x0d\xff\x0c\0\x0c\0");                 /* and of one that is gone */
    SEED("fuzz_tls", "\4\x09\x20\x83\x0a\x80\xff");             /* a bit is changed */
    SEED("fuzz_tls", "\4\x09\x20\x88\xff\x80\xff");             /* said twice */
    SEED("fuzz_tls", "\5\x86\x15\2\1\0\x80\xff");               /* an alert in plain text */
    SEED("fuzz_tls", "\0\x85\0\x0eGET / HTTP/1.1\x80\xff");     /* HTTP */
    SEED("fuzz_tls", "\0\x01\1\x01\1\x01\1\x81\1\x81\1\x0c\0"); /* byte by byte */
    SEED("fuzz_tls", "\0\xff\x3b\x0b\1\x80\0\x0b\1\x80\0");     /* no memory for a hello, twice */
}

static void dial_seeds(void)
{
    SEED("fuzz_client",
         "\0\x20\5\0\5\0\2\x42\5\0\5\0\x11\0\x13\x81\2hi\x13\x88\2\3\xe8"); /* a redirect */
    SEED("fuzz_client", "\0\x10\5\0\5\0\2\0\5\0\1\0\3\x81\2hi\7\1");        /* a proxy */
    SEED("fuzz_client", "\0\x10\5\0\5\0\2\x41");                            /* that refuses */
    SEED("fuzz_client", "\2\0\5\0\5\0\0\7\x15\3\3\0\2\2\x28");              /* an alert */
    SEED("fuzz_client", "\0\3\5\0\5\0\1\x07\7\0\7\6\7\x0e"); /* subprotocol and compression */
    SEED("fuzz_client", "\4\0\x0d\5\0\5\xff\5\xff");
    SEED("fuzz_client", "\3\0\5\0\5\0\1\1\7\1\x0c");
}

/* ---- certificates ---------------------------------------------------------------------------- */

static void add_name(X509 *x, const char *kind, int type, const char *text)
{
    (void)X509_NAME_add_entry_by_txt(X509_get_subject_name(x), kind, type,
                                     (const unsigned char *)text, -1, -1, 0);
}

static void certificate_seed(const char *alt_names)
{
    X509 *x = X509_new();
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, alt_names);
    unsigned char *der = NULL;
    add_name(x, "O", MBSTRING_UTF8, "J\xc3\xb6rg, + Co");
    add_name(x, "CN", V_ASN1_BMPSTRING, "alice");
    X509_set_pubkey(x, key);
    if (!e || !X509_add_ext(x, e, -1) || !X509_sign(x, key, EVP_sha256()))
        case_die("fuzz_certificate", "cannot be made");
    int len = i2d_X509(x, &der);
    seed_bytes("fuzz_certificate", (char *)der, (size_t)len);
    OPENSSL_free(der);
    X509_EXTENSION_free(e);
    EVP_PKEY_free(key);
    X509_free(x);
}

static void certificate_seeds(void)
{
    certificate_seed("DNS:a.example,IP:192.0.2.1,IP:2001:db8::1");
    certificate_seed("URI:spiffe://example/a,email:alice@example.org,RID:1.2.3.4");
    certificate_seed("otherName:1.2.3;UTF8:alice,otherName:1.2.3;INT:7");
}

/* ---- small ones, written here ---------------------------------------------------------------- */

static void access_seeds(void)
{
    /* fuzz_jwt: the first byte modulo 3 chooses */
    seed_text("fuzz_jwt", "0eyJhbGciOiJIUzI1NiIsImtpZCI6ImEifQ.eyJleHAiOjIwMDB9.AAAA");
    seed_text(
        "fuzz_jwt",
        "1{\"sub\":\"alice\",\"name\":\"A\",\"exp\":2000,\"nbf\":1,\"iss\":\"https://id.example\","
        "\"aud\":[\"weft\"],\"channels\":{\"read\":[\"/a/*\",\"/b/**\"],\"write\":\"/c\"}}");
    seed_text("fuzz_jwt", "2{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"a\","
                          "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}");
    seed_text(
        "fuzz_jwt",
        "2-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
        "-----END PUBLIC KEY-----\n");
    seed_text("fuzz_signed", "signed=v1.read,write.2000.00&user=al%20ice&token=a.b.c\n/rooms/1");
    seed_text("fuzz_signed", "/a/**: read=anyone, write=token, presence=nobody");
    seed_text("fuzz_signed", "weft.v1, weft.token.a.b.c\n/a");
}

static void other_seeds(void)
{
    seed_text("fuzz_url", "wss://user:secret@[::1]:8443/chat?room=1%20a");
    seed_text("fuzz_url", "ws+unix:/run/weft.sock:/echo");
    seed_text("fuzz_url", "/site/%7Euser/index.html");
    seed_text("fuzz_body", "d5\r\nhello\r\n0\r\n\r\n");
    seed_text("fuzz_body", "d1;name=\"value\"\r\nx\r\n0\r\nTrailer: value\r\n\r\n");
    seed_text("fuzz_aux", "\x08\x03nameroom=1&name=a%20b+c&x&n%61me=%zz");
    seed_text("fuzz_aux", "\x40\x01a; a=\"s%3Aabc\"; theme=dark;;=");
    seed_text("fuzz_aux", "\x20\x04idtyline\r\nline\nevent: x\rBearer abc");
    /* fuzz_channel: the first byte modulo 5 chooses, and is five times the length of an Accept in front of a query */
    seed_text("fuzz_channel", "\x05/quotes/ACME%20caf%C3%A9%2F");
    seed_text("fuzz_channel", "\x05/.well-known//chat/");
    seed_text("fuzz_channel",
              "\x01since=k3f9a2c1.42&last=all&wait=25&client=%C3%A9&stream=sse&presence=events");
    seed_text("fuzz_channel", "\x56text/event-streamsubscribe=no&last=10&presence&stream=raw");
    seed_text("fuzz_channel", "\x02W/\"k3f9a2c1.42\", \"a,b\", *");
    seed_text("fuzz_channel", "\x02k3f9a2c1.42");
    seed_text(
        "fuzz_channel",
        "\x03{\"id\":1,\"subscribe\":\"/quotes/*\",\"since\":\"k3f9a2c1.42\",\"last\":\"all\"}");
    seed_text(
        "fuzz_channel",
        "\x03{\"id\":\"a\",\"publish\":\"/chat\",\"data\":\"\\ud83d\\ude00\\n\",\"key\":\"K\",\"once\":\"1\"}");
    seed_text("fuzz_channel",
              "\x03{\"ping\":-1.5e3,\"unsubscribe\":[true,null,{}],\"presence\":\"/\"}");
    seed_text("fuzz_channel",
              "\x04{\"data\":\"a\"}\n\r\n{\"base64\":\"aGk=\",\"channel\":\"/chat\"}\n");
    seed_text("fuzz_mask", "\x12\x34\x56\x78 \3the payload, longer than a word");
    /* fuzz_cli: the first byte modulo 5 chooses */
    seed_text("fuzz_cli", "i-vbp80\n--max-message=64K\n--ping\n2.5s\nws://localhost\n--\n-x");
    seed_text("fuzz_cli", "e1.5h");
    seed_text("fuzz_cli", "f64M");
    seed_text("fuzz_cli", "gone\ntwo\r\n\nthree");
    seed_text("fuzz_cli", "h\x1b[31mred\t\xe2\x80\xae\xc2\x9b\r\n\"\\");
    seed_text("fuzz_cli", "i");
    seed_text("fuzz_cli", "n:8080/chat");
    seed_text(
        "fuzz_config",
        "port: 8080 # why\norigins: [same, 'https://a.example']\nmax-message: 1M\nping: 2.5s\n");
    seed_text(
        "fuzz_config",
        "channels:\n  /quotes/*: latest=key, history=100/1h\n  /chat: {queue: , presence: off}\n");
    seed_text("fuzz_config",
              "%YAML 1.1\n--- {user: &a \"\\u7ec7\\0\", x: *a, ? [b] : !!c |2-\n  d\n}\n...\n");
    seed_text(
        "fuzz_config",
        "only-channels: no\nonly-channels: yes\ndir: >\n  a\n\n  b\naccess:\n  /a: read=token\n");
}

int main(int argc, char **argv)
{
    static struct case_list frames, handshakes;
    if (argc != 2) return 2;
    folder = argv[1];
    (void)mkdir(folder, 0777);
    case_read_all(&frames, "handshake", false);
    case_read_all(&handshakes, "handshake", true);
    for (size_t i = 0; i < frames.n; i++) wire_seeds(frames.cases[i]);
    for (size_t i = 0; i < handshakes.n; i++) handshake_seeds(handshakes.cases[i]);
    proxy_seeds();
    tls_seeds();
    dial_seeds();
    certificate_seeds();
    access_seeds();
    snapshot_seeds();
    other_seeds();
    printf("%u seeds\n", number);
    return 0;
}
