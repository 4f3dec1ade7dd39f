/* SPDX-License-Identifier: MIT
 *
 * cli/patient.h - a connection of the laboratory of heartbeats (lab_heartbeat.h): its heart, and what is told of it
 *
 * Made by the request, opened with its connection, and freed when that has closed; in the thread of its loop.
 */
#ifndef CLI_PATIENT_H
#define CLI_PATIENT_H

#include "cli/heart.h"
#include "cli/lab_heartbeat.h"

struct patient {
    struct heartbeats *table;
    weft_conn *conn;
    weft_timer *timer;
    uint64_t opened;
    uint64_t every; /* what the request has asked for, ms */
    struct heart heart;
    char id[HEARTBEAT_ID_MAX + 1];
};

/* It is told, and pinged from now on. Errors: those of weft_timer_new. */
int patient_open(struct patient *p, weft_conn *c);
void patient_free(struct patient *p);

void patient_ping(struct patient *p);
void patient_pong(struct patient *p, weft_bytes text);
void patient_close(struct patient *p, uint16_t code, const char *reason); /* "": none */

/* The timer is set anew: behind whatever may have moved the heart, or ended it. */
void patient_schedule(struct patient *p);

uint64_t patient_now(const struct patient *p); /* its loop's clock */

/* On its channel; format: the fields behind the time, each with a comma in front. */
void patient_tell(const struct patient *p, const char *type, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void patient_tell_closed(const struct patient *p, const weft_close_info *info);

#endif
