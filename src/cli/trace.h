/* SPDX-License-Identifier: MIT
 *
 * cli/trace.h - what -v shows: one line on stderr for everything that happens on a connection
 *
 *      12:04:31.120 127.0.0.1:50312 /chat  handshake, origin http://localhost:8080
 *      12:04:31.120 127.0.0.1:50312 /chat  open, subprotocol chat
 *      12:04:31.733 127.0.0.1:50312 /chat  <- text, 5 bytes
 *      12:04:31.733 /chat  -> text, 5 bytes, to 3 members
 */
#ifndef CLI_TRACE_H
#define CLI_TRACE_H

#include <weft/server.h>

struct trace {
    unsigned level; /* how many -v: 0 errors only, 1 what happens, 2 the library's details too */
    weft_env env;   /* for the loop: brings the library's log here */
    void (*show)(void *user, const char *line); /* where to; NULL: stderr */
    void *user;
};

void trace_init(struct trace *t, unsigned level);

/* From level 1 on; the line begins with the time. */
void trace_line(const struct trace *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The same about a connection: its peer and place stand in front. */
void trace_conn(const struct trace *t, weft_conn *c, const char *place, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* From on_upgrade: who asks, from which page, and for which subprotocols. */
void trace_handshake(const struct trace *t, weft_upgrade *u, const char *place);
void trace_open(const struct trace *t, weft_conn *c, const char *place);
void trace_received(const struct trace *t, weft_conn *c, const char *place, weft_opcode op,
                    size_t len);
void trace_sent(const struct trace *t, weft_conn *c, const char *place, weft_opcode op, size_t len);
void trace_ping(const struct trace *t, weft_conn *c, const char *place, size_t len);
void trace_pong(const struct trace *t, weft_conn *c, const char *place, uint64_t rtt_us);
void trace_close(const struct trace *t, weft_conn *c, const char *place,
                 const weft_close_info *info);

const char *trace_opcode(weft_opcode op);

#endif
