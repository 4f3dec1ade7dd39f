/* SPDX-License-Identifier: MIT
 *
 * http/head.c - checks a head's form byte by byte, then cuts it apart once
 *
 * Bytes are copied into text as they are checked, so that at the blank line text holds nothing but
 * well-formed lines that end in CRLF; split() then needs no further doubt, and head_check.c says
 * what they mean. A violation is found at its first byte.
 *
 *  START     -> START_LF   CR (one empty line before a request is tolerated: RFC 9112, 2.2)
 *            -> METHOD
 *  START_LF  -> METHOD     LF
 *  METHOD    -> TARGET     SP          token characters
 *  TARGET    -> VERSION    SP          visible ASCII
 *  VERSION   -> REQUEST_CR | CODE      "HTTP/1." digit
 *  REQUEST_CR -> LF        CR
 *  CODE      -> REASON     SP digit digit digit [SP]      responses
 *  REASON    -> LF         CR
 *  LF        -> LINE       LF
 *  LINE      -> NAME       | END_LF    CR
 *  NAME      -> VALUE      ':'         token characters
 *  VALUE     -> LF         CR          field characters
 *  END_LF    -> complete   LF
 */
#include "http/head.h"

#include <assert.h>
#include <errno.h>

#include "base/limits.h"
#include "http/chars.h"
#include "http/head_check.h"

enum state {
    START,
    START_LF,
    METHOD,
    TARGET,
    VERSION,
    REQUEST_CR,
    CODE,
    REASON,
    LF,
    LINE,
    NAME,
    VALUE,
    END_LF,
    OVER,
};

/* What a state takes in runs. */
static const uint8_t run_class[] = {
    [METHOD] = CHAR_TOKEN, [TARGET] = CHAR_TARGET, [REASON] = CHAR_VALUE,
    [NAME] = CHAR_TOKEN,   [VALUE] = CHAR_VALUE,   [OVER] = 0,
};

/* max: of the head, so that nobody has to ask limits again, which may be gone before the head is. */
static void init(struct head *h, const weft_env *env, const weft_limits *limits, size_t max,
                 bool response)
{
    *h = (struct head){.limits = limits, .response = response};
    h->state = response ? VERSION : START;
    buf_init(&h->text, env, max);
}

void head_init_request(struct head *h, const weft_env *env, const weft_limits *limits)
{
    init(h, env, limits, (size_t)limit_request_head_max(limits), false);
}

void head_init_response(struct head *h, const weft_env *env, const weft_limits *limits)
{
    init(h, env, limits, (size_t)limit_request_head_max(limits), true);
}

void head_deinit(struct head *h)
{
    mem_free(h->text.env, h->fields);
    buf_deinit(&h->text);
    init(h, h->text.env, h->limits, h->text.max, h->response);
}

/* ---- taking bytes, within the limits --------------------------------------------------------- */

static bool in_first_line(const struct head *h)
{
    return h->line == 0;
}

static int too_long(struct head *h, bool whole)
{
    if (in_first_line(h) && !h->response) return head_fail(h, 414, "the request line is too long");
    if (in_first_line(h)) return head_fail(h, 431, "the status line is too long");
    return head_fail(h, 431, whole ? "the head is too long" : "a header field is too long");
}

/* n bytes of a line, its CRLF not counted. */
static int take(struct head *h, const uint8_t *data, size_t n)
{
    uint64_t max =
        in_first_line(h) ? limit_request_line_max(h->limits) : limit_header_field_max(h->limits);
    uint64_t line = h->text.len - h->line, head = h->text.max - h->text.len;
    uint64_t room = line < max ? max - line : 0;
    if (n > room || n > head) return too_long(h, head < room);
    buf_append(&h->text, data, n);
    return h->text.failed ? -ENOMEM : 0;
}

/* CR or LF. */
static int take_end(struct head *h, uint8_t c)
{
    if (h->text.len == h->text.max) return too_long(h, true);
    buf_append(&h->text, &c, 1);
    return h->text.failed ? -ENOMEM : 0;
}

/* ---- the form -------------------------------------------------------------------------------- */

static int misplaced(struct head *h, uint8_t c, const char *otherwise)
{
    if (c == '\n') return head_fail(h, 400, "a bare LF ends a line");
    if (c == '\0') return head_fail(h, 400, "a NUL byte");
    return head_fail(h, 400, otherwise);
}

/* The handlers below are given the one byte that no run took. 1: it is used; 0: look at it again in
 * the new state. */
static int go(struct head *h, uint8_t c, enum state next)
{
    int error = c == '\r' || c == '\n' ? take_end(h, c) : take(h, &c, 1);
    if (error) return error;
    h->state = (uint8_t)next;
    return 1;
}

static int on_start(struct head *h, uint8_t c)
{
    if (c != '\r') return h->state = METHOD, 0;
    h->state = START_LF;
    return 1;
}

static int on_start_lf(struct head *h, uint8_t c)
{
    if (c != '\n') return head_fail(h, 400, "a bare CR");
    h->state = METHOD;
    return 1;
}

/* The types of TLS records (RFC 8446, 5.1) that come first from a client and from a server. */
enum { TLS_ALERT = 0x15, TLS_HANDSHAKE = 0x16 };

static int on_method(struct head *h, uint8_t c)
{
    if (c == ' ' && h->text.len) return go(h, c, TARGET);
    if (h->text.len) return misplaced(h, c, "a character that may not stand in a method");
    return misplaced(h, c,
                     c == TLS_HANDSHAKE ? "a TLS handshake came where plain HTTP is spoken"
                                        : "a request does not begin with a method");
}

static int on_target(struct head *h, uint8_t c)
{
    bool empty = h->text.data[h->text.len - 1] == ' ';
    if (c == ' ' && !empty) return go(h, c, VERSION);
    if (c == ' ') return head_fail(h, 400, "more than one space behind the method");
    if (c == '#') return head_fail(h, 400, "a fragment in the target");
    if (c == '\r') return head_fail(h, 400, "a request line without HTTP version");
    return misplaced(h, c, "a character that may not stand in a target");
}

static int on_version(struct head *h, uint8_t c)
{
    static const char form[] = "HTTP/1.";
    size_t i = h->matched;
    bool digit = c >= '0' && c <= '9';
    if (i == 5 && digit && c != '1')
        return head_fail(h, 505, "an HTTP version other than 1.0 and 1.1");
    if (h->response && i == 0 && c == TLS_ALERT)
        return head_fail(h, 400, "the server speaks TLS there: this is not an HTTP response");
    if (i < sizeof form - 1 ? c != form[i] : !digit)
        return misplaced(h, c,
                         h->response ? "this is not an HTTP response"
                                     : "the HTTP version is not of the form HTTP/1.1");
    h->matched++;
    if (i < sizeof form - 1) return go(h, c, VERSION);
    h->matched = 0;
    return go(h, c, h->response ? CODE : REQUEST_CR);
}

static int on_request_cr(struct head *h, uint8_t c)
{
    if (c == '\r') return go(h, c, LF);
    return misplaced(h, c, "something stands behind the HTTP version");
}

/* " 200", then a space and the reason, or (often seen) the end of the line. */
static int on_code(struct head *h, uint8_t c)
{
    size_t i = h->matched;
    if (i == 4 && c == '\r') return go(h, c, LF);
    bool space = i == 0 || i == 4, digit = c >= '0' && c <= '9';
    if (space ? c != ' ' : !digit) return misplaced(h, c, "the status is not three digits");
    h->matched++;
    return go(h, c, i == 4 ? REASON : CODE);
}

static int on_reason(struct head *h, uint8_t c)
{
    if (c == '\r') return go(h, c, LF);
    return misplaced(h, c, "a control character in the status line");
}

static int on_lf(struct head *h, uint8_t c)
{
    if (c != '\n') return head_fail(h, 400, "a bare CR");
    int r = go(h, c, LINE);
    h->line = h->text.len;
    return r;
}

static int on_line(struct head *h, uint8_t c)
{
    if (c == '\r') return go(h, c, END_LF);
    if (c == ' ' || c == '\t')
        return head_fail(h, 400, "a header line begins with white space (obsolete folding)");
    if (c == ':') return head_fail(h, 400, "an empty header field name");
    if (h->lines == limit_max_headers(h->limits))
        return head_fail(h, 431, "too many header fields");
    h->lines++;
    h->state = NAME;
    return 0;
}

static int on_name(struct head *h, uint8_t c)
{
    if (c == ':') return go(h, c, VALUE);
    if (c == ' ' || c == '\t') return head_fail(h, 400, "a space before the colon");
    if (c == '\r') return head_fail(h, 400, "a header line without colon");
    return misplaced(h, c, "a character that may not stand in a header field name");
}

static int on_value(struct head *h, uint8_t c)
{
    if (c == '\r') return go(h, c, LF);
    return misplaced(h, c, "a control character in a header field");
}

static int on_end_lf(struct head *h, uint8_t c)
{
    if (c != '\n') return head_fail(h, 400, "a bare CR");
    return go(h, c, OVER);
}

static int octet(struct head *h, uint8_t c)
{
    switch ((enum state)h->state) {
    case START: return on_start(h, c);
    case START_LF: return on_start_lf(h, c);
    case METHOD: return on_method(h, c);
    case TARGET: return on_target(h, c);
    case VERSION: return on_version(h, c);
    case REQUEST_CR: return on_request_cr(h, c);
    case CODE: return on_code(h, c);
    case REASON: return on_reason(h, c);
    case LF: return on_lf(h, c);
    case LINE: return on_line(h, c);
    case NAME: return on_name(h, c);
    case VALUE: return on_value(h, c);
    case END_LF: return on_end_lf(h, c);
    case OVER: break;
    }
    return WEFT_ERR_STATE;
}

/* ---- cutting it apart ------------------------------------------------------------------------ */

static weft_bytes cut_line(weft_bytes *rest)
{
    weft_bytes line = bytes_cut(rest, '\n');
    line.len--; /* its CR */
    return line;
}

static void split_request_line(struct head *h, weft_bytes line)
{
    h->method = bytes_cut(&line, ' ');
    h->target = bytes_cut(&line, ' ');
    h->version = line.data[line.len - 1] == '0' ? 10 : 11;
}

/* "HTTP/1.1 200 OK" */
static void split_status_line(struct head *h, weft_bytes line)
{
    h->version = line.data[7] == '0' ? 10 : 11;
    h->status = (line.data[9] - '0') * 100 + (line.data[10] - '0') * 10 + (line.data[11] - '0');
    if (line.len > 13) h->reason = bytes_from(line, 13);
}

static int split(struct head *h)
{
    weft_bytes rest = buf_bytes(&h->text), line = cut_line(&rest);
    if (h->lines) {
        h->fields = mem_alloc(h->text.env, h->lines * sizeof *h->fields);
        if (!h->fields) return -ENOMEM;
    }
    if (h->response) split_status_line(h, line);
    else split_request_line(h, line);
    for (; h->n_fields < h->lines; h->n_fields++) {
        weft_field *f = &h->fields[h->n_fields];
        f->value = cut_line(&rest);
        f->name = bytes_cut(&f->value, ':');
        f->value = bytes_trim(f->value);
    }
    return h->response ? head_check_response(h) : head_check_request(h);
}

/* One allocation when the whole head is there; never more than was sent. */
static void make_room(struct head *h, size_t n)
{
    size_t room = h->text.max - h->text.len;
    if (n && room) (void)buf_reserve(&h->text, n < room ? n : room);
}

int head_feed(struct head *h, weft_span *in)
{
    assert(h->state != OVER);
    make_room(h, in->len);
    while (in->len) {
        size_t n = char_run(run_class[h->state], in->data, in->len);
        int r = n ? take(h, in->data, n) : octet(h, *in->data);
        if (r < 0) return r;
        span_skip(in, n ? n : (size_t)r);
        if (h->state == OVER) return split(h);
    }
    return 0;
}
