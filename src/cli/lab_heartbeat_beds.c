/* SPDX-License-Identifier: MIT
 *
 * cli/lab_heartbeat_beds.c - which ID is which connection: a table of a few, under a lock
 */
#include <errno.h>
#include <string.h>

#include "cli/lab_heartbeat.h"

static bool is_id(weft_bytes id)
{
    if (id.len < HEARTBEAT_ID_MIN || id.len > HEARTBEAT_ID_MAX) return false;
    for (size_t i = 0; i < id.len; i++) {
        uint8_t c = id.data[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9')) return false;
    }
    return true;
}

/* With the lock. An empty id finds a free one. */
static struct heartbeat_bed *find(struct heartbeats *t, weft_bytes id)
{
    for (size_t i = 0; i < HEARTBEATS_MAX; i++) {
        struct heartbeat_bed *bed = &t->beds[i];
        if (strlen(bed->id) == id.len && !memcmp(bed->id, id.data, id.len)) return bed;
    }
    return NULL;
}

static int take(struct heartbeats *t, weft_bytes id)
{
    if (find(t, id)) return -EEXIST;
    struct heartbeat_bed *bed = find(t, (weft_bytes){(const uint8_t *)"", 0});
    if (!bed) return -ENOSPC;
    *bed = (struct heartbeat_bed){0};
    memcpy(bed->id, id.data, id.len);
    return 0;
}

int heartbeats_take(struct heartbeats *t, weft_bytes id)
{
    if (!is_id(id)) return -EINVAL;
    pthread_mutex_lock(&t->lock);
    int r = take(t, id);
    pthread_mutex_unlock(&t->lock);
    return r;
}

static weft_bytes text(const char *id)
{
    return (weft_bytes){(const uint8_t *)id, strlen(id)};
}

void heartbeats_set(struct heartbeats *t, const char *id, weft_id conn)
{
    pthread_mutex_lock(&t->lock);
    find(t, text(id))->conn = conn;
    pthread_mutex_unlock(&t->lock);
}

weft_id heartbeats_find(struct heartbeats *t, weft_bytes id)
{
    if (!is_id(id)) return 0;
    pthread_mutex_lock(&t->lock);
    const struct heartbeat_bed *bed = find(t, id);
    weft_id conn = bed ? bed->conn : 0;
    pthread_mutex_unlock(&t->lock);
    return conn;
}

void heartbeats_leave(struct heartbeats *t, const char *id)
{
    pthread_mutex_lock(&t->lock);
    find(t, text(id))->id[0] = '\0';
    pthread_mutex_unlock(&t->lock);
}

void heartbeats_init(struct heartbeats *t)
{
    *t = (struct heartbeats){0};
    pthread_mutex_init(&t->lock, NULL);
}

void heartbeats_deinit(struct heartbeats *t)
{
    pthread_mutex_destroy(&t->lock);
}
