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

#include "cli/journal.h"
#include "cli/once.h"

struct trace {
    unsigned level; /* how many -v: 0 errors, 1 what happens, 2 the library's details too */
    weft_env env;   /* for the loop: brings the library's log here */
    bool json;      /* lines are objects */
    bool starting;  /* the library's errors wait for -v: a command says itself what is wrong */
    struct journal *journal;                    /* on stderr; the caller's */
    struct once *once;                          /* of a server: its owner's hints; the caller's */
    void (*show)(void *user, const char *line); /* where to instead; NULL: there */
    void *user;
};

/* once: NULL for a client. */
void trace_init(struct trace *t, unsigned level, struct journal *journal, struct once *once);

/* At every level: the line begins with the time. */
void trace_tell(const struct trace *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The same from level 1 on. */
void trace_line(const struct trace *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* At every level, but only once: what the owner of a server should know, and may want to do about it. */
void trace_hint(const struct trace *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A header of a message, each field on a line behind the arrow; secrets are left out. */
void trace_fields(const struct trace *t, const char *arrow, const weft_field *fields, size_t n);

/* For weft_server_config.on_access: requests, and upgrades that were refused. user: the trace. */
void trace_access(const weft_access *a, void *user);

/* Whose connections are traced. */
struct traced {
    const struct trace *trace;
    const char *place; /* that the lines name: a path, or a URL */
};

/* What happens on a connection; its peer and place stand in front. */
void trace_open(const struct traced *at, weft_conn *c);
void trace_received(const struct traced *at, weft_conn *c, weft_opcode op, size_t len);
void trace_sent(const struct traced *at, weft_conn *c, weft_opcode op, size_t len);
void trace_ping(const struct traced *at, weft_conn *c, size_t len);
void trace_pong(const struct traced *at, weft_conn *c, uint64_t rtt_us);
void trace_close(const struct traced *at, weft_conn *c, const weft_close_info *info);

/* Of an upgrade: who asks, from which page, and for which subprotocols; and a hint when a page
 * will get none of those. */
void trace_handshake(weft_upgrade *u, const struct traced *at);

/* Handlers that do nothing else: the user of the upgrade and of the connection is, or begins with, what is traced. */
int traced_on_upgrade(weft_upgrade *u);
void traced_on_open(weft_conn *c);
void traced_on_ping(weft_conn *c, const void *data, size_t len);
void traced_on_pong(weft_conn *c, const void *data, size_t len, uint64_t rtt_us);
void traced_on_close(weft_conn *c, const weft_close_info *info);

const char *trace_opcode(weft_opcode op);
const char *trace_bytes(size_t n); /* the word behind that number */

#endif
