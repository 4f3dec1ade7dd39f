/* SPDX-License-Identifier: MIT
 *
 * http/scan.c - a head's form, in states; a violation is found at its first byte
 *
 *  START     -> START_LF   CR (one empty line before a request is tolerated: RFC 9112, 2.2)
 *            -> METHOD
 *  START_LF  -> METHOD     LF
 *  METHOD    -> GAP        SP          token characters
 *  GAP       -> TARGET     (one space)
 *  TARGET    -> VERSION    SP          visible ASCII
 *  VERSION   -> REQUEST_CR | CODE      "HTTP/1." digit
 *  REQUEST_CR -> LF        CR
 *  CODE      -> REASON     SP digit digit digit [SP]      responses
 *  REASON    -> LF         CR
 *  LF        -> LINE       LF
 *  LINE      -> NAME       | END_LF    CR
 *            -> VALUE      SP          a folded line, of a response; whoever cuts it apart unfolds it
 *  NAME      -> VALUE      ':'         token characters
 *  VALUE     -> LF         CR          field characters
 *  END_LF    -> complete   LF
 */
#include "http/scan.h"

#include <assert.h>

#include "base/bytes.h"
#include "base/chars.h"
#include "base/limits.h"

enum state {
    START,
    START_LF,
    METHOD,
    GAP,
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

void scan_init(struct scan *s, const weft_limits *limits, bool response)
{
    *s = (struct scan){.limits = limits, .response = response};
    s->state = response ? VERSION : START;
}

static int fail(struct scan *s, int status, const char *why)
{
    s->status = status;
    s->why = why;
    return WEFT_ERR_HTTP;
}

/* ---- taking bytes, within the limits --------------------------------------------------------- */

static bool in_first_line(const struct scan *s)
{
    return s->line == 0;
}

static int too_long(struct scan *s, bool whole)
{
    if (in_first_line(s) && !s->response) return fail(s, 414, "the request line is too long");
    if (in_first_line(s)) return fail(s, 431, "the status line is too long");
    return fail(s, 431, whole ? "the head is too long" : "a header field is too long");
}

static uint64_t head_max(const struct scan *s)
{
    return s->response ? limit_response_head_max(s->limits) : limit_request_head_max(s->limits);
}

/* Of a response only all of it has one. */
static uint64_t line_max(const struct scan *s)
{
    if (s->response) return head_max(s);
    return in_first_line(s) ? limit_request_line_max(s->limits) : limit_header_field_max(s->limits);
}

static uint64_t fields_max(const struct scan *s)
{
    return s->response ? limit_max_response_headers(s->limits) : limit_max_headers(s->limits);
}

/* n bytes of a line, its CRLF not counted. */
static int take(struct scan *s, size_t n)
{
    uint64_t max = line_max(s), line = s->len - s->line, head = head_max(s) - s->len;
    uint64_t room = line < max ? max - line : 0;
    if (n > room || n > head) return too_long(s, head < room);
    s->len += n;
    return 0;
}

/* CR or LF. */
static int take_end(struct scan *s)
{
    if (s->len == head_max(s)) return too_long(s, true);
    s->len++;
    return 0;
}

/* ---- the form -------------------------------------------------------------------------------- */

static int misplaced(struct scan *s, uint8_t c, const char *otherwise)
{
    if (c == '\n') return fail(s, 400, "a bare LF ends a line");
    if (c == '\0') return fail(s, 400, "a NUL byte");
    return fail(s, 400, otherwise);
}

/* The handlers below are given the one byte that no run took. 1: it is used; 0: look at it again in
 * the new state. */
static int go(struct scan *s, uint8_t c, enum state next)
{
    int error = c == '\r' || c == '\n' ? take_end(s) : take(s, 1);
    if (error) return error;
    s->state = (uint8_t)next;
    return 1;
}

static int on_start(struct scan *s, uint8_t c)
{
    if (c != '\r') return s->state = METHOD, 0;
    s->state = START_LF;
    return 1;
}

static int on_start_lf(struct scan *s, uint8_t c)
{
    if (c != '\n') return fail(s, 400, "a bare CR");
    s->state = METHOD;
    return 1;
}

/* The types of TLS records (RFC 8446, 5.1) that come first from a client and from a server. */
enum { TLS_ALERT = 0x15, TLS_HANDSHAKE = 0x16 };

static int on_method(struct scan *s, uint8_t c)
{
    if (c == ' ' && s->len) return go(s, c, GAP);
    if (s->len) return misplaced(s, c, "a character that may not stand in a method");
    return misplaced(s, c,
                     c == TLS_HANDSHAKE ? "a TLS handshake came where plain HTTP is spoken"
                                        : "a request does not begin with a method");
}

/* Between method and target. */
static int on_gap(struct scan *s, uint8_t c)
{
    if (c == ' ') return fail(s, 400, "more than one space behind the method");
    s->state = TARGET;
    return 0;
}

static int on_target(struct scan *s, uint8_t c)
{
    if (c == ' ') return go(s, c, VERSION);
    if (c == '#') return fail(s, 400, "a fragment in the target");
    if (c == '\r') return fail(s, 400, "a request line without HTTP version");
    return misplaced(s, c, "a character that may not stand in a target");
}

static int on_version(struct scan *s, uint8_t c)
{
    static const char form[] = "HTTP/1.";
    size_t i = s->matched;
    bool digit = c >= '0' && c <= '9';
    if (i == 5 && digit && c != '1') return fail(s, 505, "an HTTP version other than 1.0 and 1.1");
    if (s->response && i == 0 && c == TLS_ALERT)
        return fail(s, 400, "the server speaks TLS there: this is not an HTTP response");
    if (i < sizeof form - 1 ? c != form[i] : !digit)
        return misplaced(s, c,
                         s->response ? "this is not an HTTP response"
                                     : "the HTTP version is not of the form HTTP/1.1");
    s->matched++;
    if (i < sizeof form - 1) return go(s, c, VERSION);
    s->matched = 0;
    return go(s, c, s->response ? CODE : REQUEST_CR);
}

static int on_request_cr(struct scan *s, uint8_t c)
{
    if (c == '\r') return go(s, c, LF);
    return misplaced(s, c, "something stands behind the HTTP version");
}

/* " 200", then a space and the reason, or (often seen) the end of the line. */
static int on_code(struct scan *s, uint8_t c)
{
    size_t i = s->matched;
    if (i == 4 && c == '\r') return go(s, c, LF);
    bool space = i == 0 || i == 4, digit = c >= '0' && c <= '9';
    if (space ? c != ' ' : !digit) return misplaced(s, c, "the status is not three digits");
    s->matched++;
    return go(s, c, i == 4 ? REASON : CODE);
}

static int on_reason(struct scan *s, uint8_t c)
{
    if (c == '\r') return go(s, c, LF);
    return misplaced(s, c, "a control character in the status line");
}

static int on_lf(struct scan *s, uint8_t c)
{
    if (c != '\n') return fail(s, 400, "a bare CR");
    int r = go(s, c, LINE);
    s->line = s->len;
    return r;
}

static int on_line(struct scan *s, uint8_t c)
{
    if (c == '\r') return go(s, c, END_LF);
    bool blank = c == ' ' || c == '\t';
    if (blank && s->response && s->lines) {
        s->folded = true;
        s->state = VALUE;
        return 0;
    }
    if (blank) return fail(s, 400, "a header line begins with white space (obsolete folding)");
    if (c == ':') return fail(s, 400, "an empty header field name");
    if (s->lines == fields_max(s)) return fail(s, 431, "too many header fields");
    s->lines++;
    s->state = NAME;
    return 0;
}

static int on_name(struct scan *s, uint8_t c)
{
    if (c == ':') return go(s, c, VALUE);
    if (c == ' ' || c == '\t') return fail(s, 400, "a space before the colon");
    if (c == '\r') return fail(s, 400, "a header line without colon");
    return misplaced(s, c, "a character that may not stand in a header field name");
}

static int on_value(struct scan *s, uint8_t c)
{
    if (c == '\r') return go(s, c, LF);
    return misplaced(s, c, "a control character in a header field");
}

static int on_end_lf(struct scan *s, uint8_t c)
{
    if (c != '\n') return fail(s, 400, "a bare CR");
    return go(s, c, OVER);
}

static int octet(struct scan *s, uint8_t c)
{
    switch ((enum state)s->state) {
    case START: return on_start(s, c);
    case START_LF: return on_start_lf(s, c);
    case METHOD: return on_method(s, c);
    case GAP: return on_gap(s, c);
    case TARGET: return on_target(s, c);
    case VERSION: return on_version(s, c);
    case REQUEST_CR: return on_request_cr(s, c);
    case CODE: return on_code(s, c);
    case REASON: return on_reason(s, c);
    case LF: return on_lf(s, c);
    case LINE: return on_line(s, c);
    case NAME: return on_name(s, c);
    case VALUE: return on_value(s, c);
    case END_LF: return on_end_lf(s, c);
    case OVER: break;
    }
    return WEFT_ERR_STATE;
}

int scan_feed(struct scan *s, weft_span *in)
{
    assert(s->state != OVER);
    while (in->len) {
        size_t n = char_run(run_class[s->state], in->data, in->len);
        int r = n ? take(s, n) : octet(s, *in->data);
        if (r < 0) return r;
        span_skip(in, n ? n : (size_t)r);
        if (s->state == OVER) return 1;
    }
    return 0;
}
