/* SPDX-License-Identifier: MIT
 *
 * fuzz/fuzz_handshake.c - header fields and negotiation, both sides
 *
 * Two bytes of choices, then lines: the first is the request's "METHOD TARGET", the others are fields, "Name: value".
 * The same fields are tried as a request and as the answer to one. What is accepted has what RFC 6455, 4 asks
 * for, and the order of fields with different names changes nothing. What is agreed on of compression is
 * within what both sides said, and what one side of ours offers the other answers in order.
 */
#include "base/bytes.h"
#include "fuzz.h"
#include <weft/handshake.h>

enum { FIELDS_MAX = 24 };

static const char *const ours[] = {"chat", "superchat", NULL};
static const char *const origins[] = {"https://example.org", "http://example.org:8080", "same",
                                      NULL};
static const char sample_key[] = "dGhlIHNhbXBsZSBub25jZQ==";
static const char sample_accept[] = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

struct request {
    weft_request_head head;
    weft_field fields[FIELDS_MAX];
    weft_field reversed[FIELDS_MAX];
};

/* Names and values lie in exact, a copy of the input. */
static void parse(struct request *r, weft_bytes text, int version)
{
    weft_bytes line = bytes_cut(&text, '\n');
    *r = (struct request){.head = {.version = version, .fields = r->fields}};
    r->head.method = bytes_cut(&line, ' ');
    r->head.target = line;
    size_t n = 0;
    for (; text.len && n < FIELDS_MAX; n++) {
        line = bytes_cut(&text, '\n');
        weft_bytes name = bytes_cut(&line, ':');
        r->fields[n] = (weft_field){name, bytes_trim(line)};
    }
    for (size_t i = 0; i < n; i++) r->reversed[i] = r->fields[n - 1 - i];
    r->head.n_fields = n;
}

static size_t count(const weft_request_head *h, const char *name)
{
    size_t n = 0;
    for (size_t i = 0; i < h->n_fields; i++) n += bytes_is_nocase(h->fields[i].name, name);
    return n;
}

static void accepted(const weft_request_head *h, const weft_handshake *answer)
{
    const weft_field *key = weft_field_find(h->fields, h->n_fields, "sec-websocket-key");
    char accept[WEFT_ACCEPT_LEN + 1];
    check(weft_handshake_wanted(h) && bytes_is(h->method, "GET") && h->version >= 11);
    check(key && key->value.len == WEFT_KEY_LEN && count(h, "host") == 1);
    check(weft_field_has_token(h->fields, h->n_fields, "connection", "upgrade"));
    check(!count(h, "transfer-encoding") && count(h, "content-length") < 2);
    weft_handshake_accept(key->value, accept);
    check(!strcmp(accept, answer->accept) && strlen(accept) == WEFT_ACCEPT_LEN && !*answer->why);
}

static void refused(const weft_handshake *answer)
{
    int status = answer->status;
    const weft_field *fields;
    check(status == 400 || status == 405 || status == 426 || status == 505);
    check(*answer->why != '\0');
    check((weft_handshake_refusal_fields(status, &fields) > 0) == (status == 405 || status == 426));
}

static void server_side(const struct request *r, const weft_limits *limits)
{
    weft_request_head turned = r->head;
    turned.fields = r->reversed;
    weft_handshake answer, again;
    int status = weft_handshake_check(&r->head, limits, &answer);
    check(status == answer.status && weft_handshake_check(&turned, limits, &again) == status);
    check(weft_handshake_wanted(&r->head) == weft_handshake_wanted(&turned));
    if (status == 101) accepted(&r->head, &answer);
    else refused(&answer);

    const char *chosen = weft_subprotocol_choose(&r->head, ours);
    check(!chosen || chosen == ours[0] || chosen == ours[1]);
    check(!weft_subprotocol_choose(&r->head, NULL));
}

static void origin_of(const struct request *r, bool secure, bool loopback)
{
    static const char *const any[] = {"*", NULL};
    weft_bytes refused_one = {0};
    check(weft_origin_check(&r->head, any, secure, loopback, &refused_one));
    bool allowed = weft_origin_check(&r->head, origins, secure, loopback, &refused_one);
    check(allowed || count(&r->head, "origin"));
    bool same = weft_origin_check(&r->head, NULL, secure, false, &refused_one);
    check(!same || weft_origin_check(&r->head, NULL, secure, true, &refused_one));
}

/* ---- compression ----------------------------------------------------------------------------- */

static weft_deflate settings(uint8_t choice, uint8_t windows)
{
    return (weft_deflate){
        .takeover = choice & 16, .window_bits = windows & 15, .peer_window_bits = windows >> 4};
}

static void in_range(const weft_deflate_params *p)
{
    check(p->server_max_window_bits >= 8 && p->server_max_window_bits <= 15);
    check(p->client_max_window_bits >= 8 && p->client_max_window_bits <= 15);
}

static bool said(const weft_request_head *h, const char *word)
{
    for (size_t i = 0; i < h->n_fields; i++)
        if (bytes_is_nocase(h->fields[i].name, "sec-websocket-extensions") &&
            memmem(h->fields[i].value.data, h->fields[i].value.len, word, strlen(word)))
            return true;
    return false;
}

/* As a client that offered mine, with text as the answer. */
static int verify(const char *text, const weft_deflate *mine, weft_agreement *a)
{
    weft_field fields[] = {{bytes_of("Upgrade"), bytes_of("websocket")},
                           {bytes_of("Connection"), bytes_of("Upgrade")},
                           {bytes_of("Sec-WebSocket-Accept"), bytes_of(sample_accept)},
                           {bytes_of("Sec-WebSocket-Extensions"), bytes_of(text)}};
    *a = (weft_agreement){.key = sample_key, .offered = mine};
    return weft_handshake_verify(fields, *text ? 4 : 3, a);
}

/* An answer holds nothing that was not offered or that a server may not say by itself. */
static void answer_to_offers(const weft_request_head *h, const weft_deflate *mine)
{
    weft_deflate_params p;
    char text[WEFT_DEFLATE_TEXT];
    bool some = weft_deflate_choose(h, mine, &p, text);
    check(some == p.on && some == (*text != 0) && strlen(text) < sizeof text);
    check(!some || said(h, "permessage-deflate"));
    if (!some) return;
    in_range(&p);
    check(!strstr(text, "client_max_window_bits") || said(h, "client_max_window_bits"));
    check(!strstr(text, "server_max_window_bits") || said(h, "server_max_window_bits"));
    check(!strstr(text, "server_no_context_takeover") == !p.server_no_context_takeover);
    check(!strstr(text, "client_no_context_takeover") == !p.client_no_context_takeover);
    check(mine->takeover || (p.server_no_context_takeover && p.client_no_context_takeover));
    check(!weft_deflate_choose(h, NULL, &p, text) && !p.on && !*text);
}

/* A client and a server of ours, whatever their settings, agree, and on the same. */
static void between_us(const weft_deflate *client, const weft_deflate *server)
{
    char offer[WEFT_DEFLATE_TEXT], answer[WEFT_DEFLATE_TEXT];
    weft_deflate_params p;
    weft_agreement a;
    weft_deflate_offer(client, offer);
    weft_field field = {bytes_of("sec-websocket-extensions"), bytes_of(offer)};
    weft_request_head head = {.fields = &field, .n_fields = 1};
    check(weft_deflate_choose(&head, server, &p, answer));
    check(verify(answer, client, &a) == 0 && a.deflate.on);
    in_range(&a.deflate);
    check(a.deflate.server_no_context_takeover == p.server_no_context_takeover);
    check(a.deflate.client_no_context_takeover || !p.client_no_context_takeover);
    check(a.deflate.server_max_window_bits >= p.server_max_window_bits);
    check(a.deflate.client_max_window_bits <= p.client_max_window_bits);
}

/* What a list without elements may hold. */
static const char nothing[] = ", \t";

static bool names_extensions(const weft_request_head *h)
{
    for (size_t i = 0; i < h->n_fields; i++) {
        weft_bytes value = h->fields[i].value;
        if (!bytes_is_nocase(h->fields[i].name, "sec-websocket-extensions")) continue;
        while (value.len && strchr(nothing, value.data[0])) value = bytes_from(value, 1);
        if (value.len) return true;
    }
    return false;
}

/* Each field of that name, as the answer to what was offered. */
static void answers_of_strangers(const weft_request_head *h, const weft_deflate *mine)
{
    weft_agreement a;
    for (size_t i = 0; i < h->n_fields; i++) {
        if (!bytes_is_nocase(h->fields[i].name, "sec-websocket-extensions")) continue;
        char *text = strndup((const char *)h->fields[i].value.data, h->fields[i].value.len);
        if (verify(text, mine, &a) == 0) check(a.deflate.on || !text[strspn(text, nothing)]);
        if (!*a.why && a.deflate.on) {
            check(strstr(text, "permessage-deflate"));
            in_range(&a.deflate);
            check(mine->takeover || a.deflate.server_no_context_takeover);
            check(mine->takeover || a.deflate.client_no_context_takeover);
        }
        free(text);
    }
}

static void client_side(const struct request *r)
{
    const weft_request_head *h = &r->head;
    weft_agreement a = {.key = sample_key, .subprotocols = ours, .subprotocol = "?"};
    int got = weft_handshake_verify(h->fields, h->n_fields, &a);
    if (got < 0) {
        check(got == WEFT_ERR_HANDSHAKE && a.why && *a.why);
        return;
    }
    const weft_field *accept = weft_field_find(h->fields, h->n_fields, "sec-websocket-accept");
    check(accept && bytes_is(accept->value, sample_accept));
    check(weft_handshake_wanted(h) && !names_extensions(h) && !a.deflate.on);
    check(!a.subprotocol || a.subprotocol == ours[0] || a.subprotocol == ours[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    weft_bytes in = {data, size};
    uint8_t choice = taken_byte(&in), windows = taken_byte(&in);
    weft_limits limits = {.max_subprotocols = choice & 1 ? 2 : 0};
    weft_span exact = exact_copy(in);
    struct request request;
    parse(&request, (weft_bytes){exact.data, exact.len}, choice & 2 ? 10 : 11);
    server_side(&request, &limits);
    origin_of(&request, choice & 4, choice & 8);
    client_side(&request);

    const weft_deflate deflate = settings(choice, windows);
    const weft_deflate other = settings((uint8_t)(choice >> 1), (uint8_t)(choice ^ windows));
    answer_to_offers(&request.head, &deflate);
    answers_of_strangers(&request.head, &deflate);
    between_us(&deflate, &other);

    char *text = strndup((const char *)exact.data, exact.len);
    (void)weft_origin_valid(text);
    free(text);
    free(exact.data);
    return 0;
}
