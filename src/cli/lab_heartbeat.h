/* SPDX-License-Identifier: MIT
 *
 * cli/lab_heartbeat.h - the laboratory of heartbeats and ends: a WebSocket whose server's end can be watched and moved
 *
 *      WebSocket /lab/heartbeat/ID?every=MS   it is pinged, and dropped when a ping has no pong for three seconds;
 *                                             what comes on it is forgotten
 *
 *      POST /lab/heartbeat/ID?do=WHAT         moves the server's end:
 *          ping                               one more
 *          every&ms=N                         so often from now on; 0: no more
 *          pause, resume                      stop reading, and go on: weft_pause, weft_resume
 *          close&code=N&reason=TEXT           a Close; without a code one that has none
 *          abort                              no Close, TCP is reset
 *
 *      channel /heartbeat/ID                  what the server's end does and knows, a JSON object each:
 *          {"type":"open","at":0,"every":1000,"patience":3000}
 *          {"type":"ping","at":1000.3,"n":1}              at: ms from open, by the server's clock
 *          {"type":"pong","at":1000.9,"n":1,"rtt":0.612}
 *          {"type":"every","at":0,"ms":500}, {"type":"pause","at":0}, {"type":"resume","at":0}
 *          {"type":"close","at":0,"code":4000,"reason":""}      a Close is on its way
 *          {"type":"refused","at":0,"code":1006,"reason":"..."} it is not, and why
 *          {"type":"lost","at":0,"n":7}                   no pong: it is dropped
 *          {"type":"abort","at":0}
 *          {"type":"closed","at":0,"code":1000,"sent":1000,"reason":"","clean":true,"by_peer":true,"cause":""}
 *
 * ID is 16 to 32 of a-z and 0-9, made by who opens it: who knows it may do all this, so it is to be unguessable. There
 * are a few at a time, each for ten minutes.
 *
 * Commands come on one thread and the connection is on another: a table, under a lock, knows which ID is which weft_id.
 */
#ifndef CLI_LAB_HEARTBEAT_H
#define CLI_LAB_HEARTBEAT_H

#include <pthread.h>

#include "cli/service.h"

enum { HEARTBEATS_MAX = 20, HEARTBEAT_ID_MIN = 16, HEARTBEAT_ID_MAX = 32 };

/* How their channels behave, as --channel would say it: who reads a moment later misses nothing. */
#define HEARTBEAT_CHANNELS "/heartbeat/**: history=50/1m, presence=off"

struct heartbeats {
    pthread_mutex_t lock;
    struct heartbeat_bed {
        char id[HEARTBEAT_ID_MAX + 1]; /* empty: free */
        weft_id conn;                  /* 0: it is about to open */
    } beds[HEARTBEATS_MAX];
    weft_loop *loop;
    weft_hub *hub;
};

void heartbeats_init(struct heartbeats *t);

/* Both routes. Errors: those of weft_server_route. */
int heartbeats_open(struct heartbeats *t, struct service *s);
void heartbeats_deinit(struct heartbeats *t); /* behind service_close */

/* The table, for any thread. Errors: -EINVAL (the id), -EEXIST, -ENOSPC. */
int heartbeats_take(struct heartbeats *t, weft_bytes id);
void heartbeats_set(struct heartbeats *t, const char *id, weft_id conn);
weft_id heartbeats_find(struct heartbeats *t, weft_bytes id); /* 0: there is none */
void heartbeats_leave(struct heartbeats *t, const char *id);

#endif
