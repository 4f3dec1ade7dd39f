/* SPDX-License-Identifier: MIT
 *
 * http/reply.c - validating writers of HTTP/1.1 heads
 *
 * Room is made for the longest that a head of these fields can be, and it is written into that: it is one item of the
 * queue, and nothing is queued when something fails.
 */
#include "http/reply.h"

#include <errno.h>

#include "base/chars.h"
#include "base/decimal.h"
#include "base/fields.h"

const char *reply_status_text(int status)
{
    switch (status) {
    case 100: return "Continue";
    case 101: return "Switching Protocols";
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 203: return "Non-Authoritative Information";
    case 204: return "No Content";
    case 205: return "Reset Content";
    case 206: return "Partial Content";
    case 300: return "Multiple Choices";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 303: return "See Other";
    case 304: return "Not Modified";
    case 307: return "Temporary Redirect";
    case 308: return "Permanent Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 402: return "Payment Required";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 407: return "Proxy Authentication Required";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 411: return "Length Required";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 416: return "Range Not Satisfiable";
    case 417: return "Expectation Failed";
    case 421: return "Misdirected Request";
    case 422: return "Unprocessable Content";
    case 425: return "Too Early";
    case 426: return "Upgrade Required";
    case 428: return "Precondition Required";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 451: return "Unavailable For Legal Reasons";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    default: return "";
    }
}

bool reply_field_valid(weft_bytes name, weft_bytes value)
{
    return bytes_is_token(name) && bytes_is_field_value(value);
}

static bool fields_valid(const weft_field *fields, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!reply_field_valid(fields[i].name, fields[i].value)) return false;
    return true;
}

/* ---- writing --------------------------------------------------------------------------------- */

struct writer {
    uint8_t *to;
    size_t n;
};

static inline void put(struct writer *w, weft_bytes bytes)
{
    copy(w->to + w->n, bytes.data, bytes.len);
    w->n += bytes.len;
}

static inline void put_text(struct writer *w, const char *text)
{
    put(w, bytes_of(text));
}

static void put_number(struct writer *w, uint64_t number)
{
    char text[DECIMAL_MAX];
    put(w, (weft_bytes){(const uint8_t *)text, decimal_print(number, text)});
}

static inline void put_field(struct writer *w, weft_bytes name, weft_bytes value)
{
    put(w, name);
    put_text(w, ": ");
    put(w, value);
    put_text(w, "\r\n");
}

static void put_fields(struct writer *w, const weft_field *fields, size_t n)
{
    for (size_t i = 0; i < n; i++) put_field(w, fields[i].name, fields[i].value);
    put_text(w, "\r\n");
}

static size_t fields_room(const weft_field *fields, size_t n)
{
    size_t room = 2;
    for (size_t i = 0; i < n; i++) room += fields[i].name.len + fields[i].value.len + 4;
    return room;
}

/* ---- heads ----------------------------------------------------------------------------------- */

/* Who sends Upgrade has to name it there (RFC 9110, 7.8). */
static const char *connection(const struct reply *r)
{
    return fields_count(r->fields, r->n_fields, "Upgrade") ? "close, Upgrade" : "close";
}

static void put_framing(struct writer *w, const struct reply *r)
{
    if (r->body == BODY_LENGTH) {
        put_text(w, "Content-Length: ");
        put_number(w, r->length);
        put_text(w, "\r\n");
    }
    if (r->body == BODY_CHUNKED) put_field(w, bytes_of("Transfer-Encoding"), bytes_of("chunked"));
    if (r->close) put_field(w, bytes_of("Connection"), bytes_of(connection(r)));
}

static void put_reply(struct writer *w, const struct reply *r)
{
    put_text(w, "HTTP/1.1 ");
    put_number(w, (uint64_t)r->status);
    put_text(w, " ");
    put_text(w, reply_status_text(r->status));
    put_text(w, "\r\n");
    if (r->date) put_field(w, bytes_of("Date"), bytes_of(r->date));
    put_framing(w, r);
    put_fields(w, r->fields, r->n_fields);
}

/* Its status line with the longest phrase, framing and Connection. */
enum { REPLY_ROOM = 192 };

int reply_head(struct outq *out, const weft_env *env, const struct reply *r)
{
    bool valid = r->status >= 100 && r->status <= 599 && fields_valid(r->fields, r->n_fields) &&
                 (!r->date || bytes_is_field_value(bytes_of(r->date)));
    if (!valid) return -EINVAL;
    size_t date = r->date ? strlen(r->date) : 0;
    size_t room = REPLY_ROOM + date + fields_room(r->fields, r->n_fields);
    struct writer w = {.to = outq_reserve(out, env, NULL, room)};
    if (!w.to) return -ENOMEM;
    put_reply(&w, r);
    outq_commit(out, w.n);
    return 0;
}

static void put_request(struct writer *w, const char *method, weft_bytes target,
                        const weft_field *fields, size_t n_fields)
{
    put_text(w, method);
    put_text(w, " ");
    put(w, target);
    put_text(w, " HTTP/1.1\r\n");
    put_fields(w, fields, n_fields);
}

int request_head(struct outq *out, const weft_env *env, const char *method, weft_bytes target,
                 const weft_field *fields, size_t n_fields)
{
    bool valid = bytes_is_token(bytes_of(method)) && target.len > 0 &&
                 char_run(CHAR_TARGET, target.data, target.len) == target.len &&
                 fields_valid(fields, n_fields);
    if (!valid) return -EINVAL;
    size_t room =
        strlen(method) + target.len + sizeof "  HTTP/1.1\r\n" + fields_room(fields, n_fields);
    struct writer w = {.to = outq_reserve(out, env, NULL, room)};
    if (!w.to) return -ENOMEM;
    put_request(&w, method, target, fields, n_fields);
    outq_commit(out, w.n);
    return 0;
}
