/* SPDX-License-Identifier: MIT
 *
 * ws/extension.c - the negotiation of permessage-deflate, both sides
 *
 *      fields -> extensions (extension_list.h) -> name and parameters -> struct element -> agreed or passed over
 *
 * The server takes the first offer that is in order; one with an unknown parameter, one twice, or a bad
 * value is passed over (RFC 7692, 5.1). The client has made its offers from the same settings that it
 * verifies the answer with. Neither trusts the other to have counted its parameters.
 */
#include "ws/extension.h"

#include <stdio.h>

#include "ws/deflate.h"
#include "ws/extension_list.h"
#include "ws/session.h"

enum { OFFERS_MAX = 8 }; /* those behind are passed over */

static const char extension_name[] = "permessage-deflate";

/* An offer or an answer, taken apart. Bits are 0 when they are not mentioned. */
struct element {
    bool server_no_takeover, client_no_takeover;
    uint8_t server_bits, client_bits;
    bool client_bits_open; /* client_max_window_bits without a value: any */
};

/* ---- syntax ---------------------------------------------------------------------------------- */

/* A number from 8 to 15 as it may be written; 0 otherwise (RFC 7692, 7.1.2). */
static uint8_t window_bits(weft_bytes value)
{
    uint8_t digits[2];
    size_t len = extension_value(value, digits, sizeof digits);
    if (len == 1 && (digits[0] == '8' || digits[0] == '9')) return (uint8_t)(digits[0] - '0');
    if (len == 2 && digits[0] == '1' && digits[1] >= '0' && digits[1] <= '5')
        return (uint8_t)(10 + digits[1] - '0');
    return 0;
}

static bool set_flag(bool *flag, bool has_value)
{
    if (*flag || has_value) return false;
    return *flag = true;
}

static bool set_bits(uint8_t *bits, weft_bytes value)
{
    if (*bits) return false;
    return (*bits = window_bits(value)) != 0;
}

/* false: unknown, there already, or with a value that it may not have. */
static bool take_parameter(struct element *e, weft_bytes text)
{
    weft_bytes name, value = text;
    bool has_value = extension_cut(&value, '=', &name);
    value = bytes_trim(value);
    if (bytes_is(name, "server_no_context_takeover"))
        return set_flag(&e->server_no_takeover, has_value);
    if (bytes_is(name, "client_no_context_takeover"))
        return set_flag(&e->client_no_takeover, has_value);
    if (bytes_is(name, "server_max_window_bits")) return set_bits(&e->server_bits, value);
    if (!bytes_is(name, "client_max_window_bits") || e->client_bits_open) return false;
    if (has_value) return set_bits(&e->client_bits, value);
    return !e->client_bits && (e->client_bits_open = true);
}

/* Whether text, which is not empty, is permessage-deflate with parameters that are in order. */
static bool parse(weft_bytes text, struct element *e)
{
    weft_bytes part;
    *e = (struct element){0};
    bool more = extension_cut(&text, ';', &part);
    if (!bytes_is(part, extension_name)) return false;
    while (more) {
        more = extension_cut(&text, ';', &part);
        if (!take_parameter(e, part)) return false;
    }
    return true;
}

static uint8_t least(uint8_t a, uint8_t b)
{
    return a < b ? a : b;
}

/* ---- text ------------------------------------------------------------------------------------ */

struct writer {
    char *text; /* WEFT_DEFLATE_TEXT */
    size_t len;
};

/* bits 0: no value. */
static void put(struct writer *w, const char *word, unsigned bits)
{
    char *to = w->text + w->len;
    size_t room = WEFT_DEFLATE_TEXT - w->len;
    w->len +=
        (size_t)(bits ? snprintf(to, room, "%s=%u", word, bits) : snprintf(to, room, "%s", word));
}

/* ---- server ---------------------------------------------------------------------------------- */

/* What we make of an offer. A client that does not let us bound its window has to do without takeover,
 * if we want a smaller one: the memory would be ours. */
static weft_deflate_params accept(const struct element *offer, const weft_deflate *ours)
{
    uint8_t wish = deflate_peer_window_bits(ours);
    bool bound = offer->client_bits || offer->client_bits_open;
    uint8_t client = offer->client_bits ? offer->client_bits : WINDOW_BITS_MAX;
    uint8_t server = offer->server_bits ? offer->server_bits : WINDOW_BITS_MAX;
    return (weft_deflate_params){
        .on = true,
        .server_no_context_takeover = !ours->takeover || offer->server_no_takeover,
        .client_no_context_takeover =
            !ours->takeover || offer->client_no_takeover || (!bound && wish < WINDOW_BITS_MAX),
        .server_max_window_bits = least(deflate_window_bits(ours), server),
        .client_max_window_bits = bound ? least(wish, client) : WINDOW_BITS_MAX,
    };
}

static void write_answer(const weft_deflate_params *p, const struct element *offer, char *text)
{
    struct writer w = {.text = text};
    put(&w, extension_name, 0);
    if (p->server_no_context_takeover) put(&w, "; server_no_context_takeover", 0);
    if (p->client_no_context_takeover) put(&w, "; client_no_context_takeover", 0);
    if (offer->server_bits) put(&w, "; server_max_window_bits", p->server_max_window_bits);
    if (p->client_max_window_bits < WINDOW_BITS_MAX)
        put(&w, "; client_max_window_bits", p->client_max_window_bits);
}

static bool choose(const weft_request_head *head, const weft_deflate *ours,
                   weft_deflate_params *agreed, char *text)
{
    struct elements e = extension_list(head->fields, head->n_fields);
    struct element offer;
    weft_bytes element;
    for (size_t i = 0; i < OFFERS_MAX && elements_next(&e, &element); i++) {
        if (!parse(element, &offer)) continue;
        *agreed = accept(&offer, ours);
        write_answer(agreed, &offer, text);
        return true;
    }
    return false;
}

int weft_deflate_choose_sized(const weft_request_head *head, const weft_deflate *ours,
                              size_t ours_size, weft_deflate_params *agreed,
                              char text[WEFT_DEFLATE_TEXT])
{
    weft_deflate copy;
    *agreed = (weft_deflate_params){0};
    *text = 0;
    if (!ours) return 0;
    int error = deflate_take(NULL, &copy, ours, ours_size);
    return error ? error : choose(head, &copy, agreed, text);
}

/* ---- client ---------------------------------------------------------------------------------- */

/* client_max_window_bits has no value: it would be a hint only, and a server that ignores it may answer
 * with a larger one (RFC 7692, 7.1.2.2). Our window is what we like, up to the answer's. */
static void write_offer(struct writer *w, const weft_deflate *d)
{
    put(w, extension_name, 0);
    if (!d->takeover) put(w, "; client_no_context_takeover", 0);
    put(w, "; client_max_window_bits", 0);
}

/* A window of the server's that is to be small is asked for first; the second offer is for servers that
 * cannot: their context does not live on, and its size is no matter. */
static void write_offers(struct writer *w, const weft_deflate *d)
{
    uint8_t peer = deflate_peer_window_bits(d);
    write_offer(w, d);
    if (!d->takeover) put(w, "; server_no_context_takeover", 0);
    if (peer == WINDOW_BITS_MAX) return;
    put(w, "; server_max_window_bits", peer);
    put(w, ", ", 0);
    write_offer(w, d);
    put(w, "; server_no_context_takeover", 0);
}

int weft_deflate_offer_sized(const weft_deflate *deflate, size_t deflate_size,
                             char text[WEFT_DEFLATE_TEXT])
{
    weft_deflate copy;
    struct writer w = {.text = text};
    *text = 0;
    int error = deflate_take(NULL, &copy, deflate, deflate_size);
    if (!error) write_offers(&w, &copy);
    return error;
}

/* What we did not offer, or the server may not answer (RFC 7692, 7.1). */
static const char *answer_fault(const struct element *answer, const weft_deflate *d)
{
    uint8_t server = answer->server_bits ? answer->server_bits : WINDOW_BITS_MAX;
    if (answer->client_bits_open) return "client_max_window_bits in the 101 has no value";
    if (!d->takeover && !answer->server_no_takeover)
        return "the 101 does not have server_no_context_takeover, which was asked for";
    if (answer->server_no_takeover || server <= deflate_peer_window_bits(d)) return NULL;
    if (!answer->server_bits)
        return "the 101 does not have server_max_window_bits, which was asked for";
    return "server_max_window_bits in the 101 is larger than what was asked for";
}

const char *extension_verify(const weft_field *fields, size_t n, const weft_deflate *offered,
                             weft_deflate_params *agreed)
{
    struct elements e = extension_list(fields, n);
    struct element answer;
    weft_bytes text, other;
    *agreed = (weft_deflate_params){0};
    if (!elements_next(&e, &text)) return NULL;
    if (!offered) return "the 101 uses an extension, and none was offered";
    if (!parse(text, &answer)) return "the 101 uses an extension that was not offered so";
    if (elements_next(&e, &other)) return "the 101 uses more extensions than were offered";
    const char *fault = answer_fault(&answer, offered);
    if (fault) return fault;
    *agreed = (weft_deflate_params){
        .on = true,
        .server_no_context_takeover = answer.server_no_takeover,
        .client_no_context_takeover = !offered->takeover || answer.client_no_takeover,
        .server_max_window_bits = answer.server_bits ? answer.server_bits : WINDOW_BITS_MAX,
        .client_max_window_bits = least(deflate_window_bits(offered),
                                        answer.client_bits ? answer.client_bits : WINDOW_BITS_MAX),
    };
    return NULL;
}

/* ---- both ------------------------------------------------------------------------------------ */

void weft_session_set_deflate(weft_session *s, const weft_deflate_params *agreed)
{
    s->deflate = *agreed;
}
