/* SPDX-License-Identifier: MIT
 *
 * cli/lab_heartbeat.c - the connections of the laboratory of heartbeats, and what moves their server's end
 *
 *      on_upgrade, on_open -> a patient (patient.h), with a timer that asks its heart (heart.h)
 *      POST -> a command -> weft_conn_call -> the patient, in the thread of its connection
 *      whatever happens -> patient_tell -> weft_publish on its channel
 */
#include "cli/lab_heartbeat.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <weft/aux.h>

#include "cli/page.h"
#include "cli/patient.h"
#include "cli/values.h"

#define ROUTE "/lab/heartbeat/"

enum { CLOSE_MS = 3000, NUMBER = 12, REASON = 512 };

/* ---- the connection -------------------------------------------------------------------------- */

/* Not there: as usual. false: it is no number. */
static bool number_of(weft_bytes query, const char *name, uint64_t usual, uint64_t *n)
{
    char text[NUMBER];
    int len = weft_query_get(query, name, text, sizeof text);
    *n = usual;
    return len == -ENOENT || (len > 0 && value_number(text, n));
}

static weft_bytes id_of(const weft_request *r)
{
    weft_bytes path = weft_request_path(r);
    size_t len = sizeof ROUTE - 1;
    return (weft_bytes){path.data + len, path.len - len};
}

static int status_of(int error)
{
    switch (error) {
    case 0: return 0;
    case -EINVAL: return 404;
    case -EEXIST: return 409;
    default: return 503;
    }
}

static int on_upgrade(weft_upgrade *u)
{
    struct heartbeats *table = weft_upgrade_user(u);
    const weft_request *r = weft_upgrade_request(u);
    weft_bytes id = id_of(r);
    int status = status_of(heartbeats_take(table, id));
    if (status) return status;
    struct patient *p = calloc(1, sizeof *p);
    if (!p) {
        char text[HEARTBEAT_ID_MAX + 1] = {0};
        heartbeats_leave(table, memcpy(text, id.data, id.len));
        return 503;
    }
    p->table = table;
    memcpy(p->id, id.data, id.len);
    if (!number_of(weft_request_query(r), "every", HEART_EVERY_MS, &p->every))
        p->every = HEART_EVERY_MS;
    weft_upgrade_set_user(u, p);
    return 0;
}

static void on_open(weft_conn *c)
{
    struct patient *p = weft_conn_user(c);
    heartbeats_set(p->table, p->id, weft_conn_id(c));
    if (patient_open(p, c) < 0) weft_abort(c);
}

static void on_pong(weft_conn *c, const void *data, size_t len, uint64_t rtt_us)
{
    (void)rtt_us; /* of the newest ping only */
    patient_pong(weft_conn_user(c), (weft_bytes){data, len});
}

static void on_close(weft_conn *c, const weft_close_info *info)
{
    struct patient *p = weft_conn_user(c);
    heartbeats_leave(p->table, p->id);
    patient_tell_closed(p, info);
    patient_free(p);
}

/* ---- commands -------------------------------------------------------------------------------- */

struct command {
    void (*run)(struct patient *p, const struct command *command);
    uint64_t ms, code;
    char reason[REASON];
};

static void run_ping(struct patient *p, const struct command *command)
{
    (void)command;
    patient_ping(p);
}

static void run_every(struct patient *p, const struct command *command)
{
    if (heart_every(&p->heart, command->ms, patient_now(p)))
        patient_tell(p, "every", ",\"ms\":%" PRIu64, command->ms);
}

static void run_pause(struct patient *p, const struct command *command)
{
    (void)command;
    weft_pause(p->conn);
    patient_tell(p, "pause", "%s", "");
}

static void run_resume(struct patient *p, const struct command *command)
{
    (void)command;
    weft_resume(p->conn);
    patient_tell(p, "resume", "%s", "");
}

static void run_close(struct patient *p, const struct command *command)
{
    patient_close(p, (uint16_t)command->code, command->reason);
}

static void run_abort(struct patient *p, const struct command *command)
{
    (void)command;
    patient_tell(p, "abort", "%s", "");
    weft_abort(p->conn);
}

static bool parse(weft_bytes query, struct command *command)
{
    static const struct {
        const char *name;
        void (*run)(struct patient *p, const struct command *command);
    } all[] = {{"ping", run_ping},     {"every", run_every}, {"pause", run_pause},
               {"resume", run_resume}, {"close", run_close}, {"abort", run_abort}};
    char name[8];
    if (weft_query_get(query, "do", name, sizeof name) < 0) return false;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (!strcmp(name, all[i].name)) command->run = all[i].run;
    if (weft_query_get(query, "reason", command->reason, sizeof command->reason) < 0)
        command->reason[0] = '\0';
    return command->run && number_of(query, "ms", 0, &command->ms) &&
           number_of(query, "code", 0, &command->code) && command->code <= UINT16_MAX;
}

/* What is closing, or gone, is moved by nobody any more. */
static void run(weft_conn *c, void *arg)
{
    struct command *command = arg;
    if (c && weft_conn_is_open(c)) {
        struct patient *p = weft_conn_user(c);
        command->run(p, command);
        patient_schedule(p);
    }
    free(command);
}

static int pass(struct heartbeats *t, weft_request *r)
{
    weft_id conn = heartbeats_find(t, id_of(r));
    struct command *command = calloc(1, sizeof *command);
    int status = !command ? 503 : !conn ? 404 : parse(weft_request_query(r), command) ? 204 : 400;
    if (status == 204 && weft_conn_call(t->loop, conn, run, command) == 0) return 204;
    free(command);
    return status == 204 ? 503 : status;
}

static void on_request(weft_request *r, void *user)
{
    page_fields(r, "no-store");
    weft_respond(r, weft_request_allowed(r) ? pass(user, r) : 403, NULL, NULL, 0);
}

int heartbeats_open(struct heartbeats *t, struct service *s)
{
    static const weft_limits limits = {
        .max_message = 1024, .ping_interval = WEFT_NEVER, .close_timeout = CLOSE_MS};
    static const weft_handler handler = {
        .on_upgrade = on_upgrade,
        .on_open = on_open,
        .on_pong = on_pong,
        .on_close = on_close,
        .limits = &limits,
    };
    static const weft_request_handler control = {.on_request = on_request, .methods = "POST"};
    t->loop = s->loop;
    t->hub = weft_channels_hub(s->channels.them);
    int r = weft_server_route(s->server, ROUTE "*", &handler, t);
    return r < 0 ? r : weft_server_on_request(s->server, ROUTE "*", &control, t);
}
