/* SPDX-License-Identifier: MIT
 *
 * cli/lab_handshake.c - what a server answers to a request head
 *
 *      weft_head_parse -> weft_handshake_check -> weft_origin_check -> a 101, or a refusal
 *
 * It is a server on a loopback address that speaks "chat" and permessage-deflate.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <weft/handshake.h>

#include "cli/escape.h"
#include "cli/lab.h"

enum { FIELDS = 100 }; /* the default of max_headers */

static const char *words_of(int status)
{
    switch (status) {
    case 403: return "Forbidden";
    case 405: return "Method Not Allowed";
    case 414: return "URI Too Long";
    case 417: return "Expectation Failed";
    case 426: return "Upgrade Required";
    case 431: return "Request Header Fields Too Large";
    case 501: return "Not Implemented";
    case 505: return "HTTP Version Not Supported";
    default: return "Bad Request";
    }
}

static void print_bytes(FILE *to, weft_bytes bytes)
{
    fwrite(bytes.data, 1, bytes.len, to);
}

static void print_agreement(FILE *to, const weft_request_head *head, const weft_handshake *h)
{
    static const char *const subprotocols[] = {"chat", NULL};
    static const weft_deflate deflate = {0};
    const char *subprotocol = weft_subprotocol_choose(head, subprotocols);
    weft_deflate_params agreed;
    char extensions[WEFT_DEFLATE_TEXT];
    fprintf(to,
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Accept: %s\r\n",
            h->accept);
    if (subprotocol) fprintf(to, "Sec-WebSocket-Protocol: %s\r\n", subprotocol);
    if (weft_deflate_choose(head, &deflate, &agreed, extensions) > 0)
        fprintf(to, "Sec-WebSocket-Extensions: %s\r\n", extensions);
    fputs("\r\n", to);
}

static void print_refusal(FILE *to, const weft_handshake *h)
{
    const weft_field *more;
    fprintf(to, "HTTP/1.1 %d %s\r\nContent-Length: %zu\r\nConnection: close%s\r\n", h->status,
            words_of(h->status), strlen(h->why) + 1, h->status == 426 ? ", Upgrade" : "");
    for (size_t n = weft_handshake_refusal_fields(h->status, &more); n > 0; n--, more++) {
        print_bytes(to, more->name);
        fputs(": ", to);
        print_bytes(to, more->value);
        fputs("\r\n", to);
    }
    fprintf(to, "Content-Type: text/plain; charset=utf-8\r\n\r\n%s\n", h->why);
}

static void judge(FILE *to, weft_span bytes, weft_handshake *h)
{
    weft_field fields[FIELDS];
    weft_request_head head;
    weft_bytes origin;
    int r = weft_head_parse(&bytes, NULL, fields, FIELDS, &head, h);
    if (r == 0) h->why = "the head has no end: it is an empty line";
    if (r == 1) weft_handshake_check(&head, NULL, h);
    if (h->status == 101 && !weft_origin_check(&head, NULL, false, true, &origin))
        *h = (weft_handshake){.status = 403, .why = "the origin may not open a WebSocket here"};
    if (h->status == 101) print_agreement(to, &head, h);
    else if (h->status) print_refusal(to, h);
}

int lab_handshake(FILE *to, weft_span bytes)
{
    weft_handshake h;
    char *answer = NULL;
    size_t len = 0;
    FILE *head = open_memstream(&answer, &len);
    if (!head) return -ENOMEM;
    judge(head, bytes, &h);
    int error = fclose(head) == 0 ? 0 : -ENOMEM;
    if (!error) {
        fprintf(to, "{\"status\":%d,\"answer\":", h.status);
        escape_json(to, (weft_bytes){(const uint8_t *)answer, len});
        fputs(",\"why\":", to);
        escape_json(to, (weft_bytes){(const uint8_t *)h.why, strlen(h.why)});
        fputs("}\n", to);
    }
    free(answer);
    return error;
}
