/* SPDX-License-Identifier: MIT
 *
 * cli/snapshot.c - the head, the file, and systemd's store
 */
#include "cli/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEAD = 28, VERSION = 1, CHUNK = 64 << 10 };

static const char magic[8] = "weftsnap";

/* ---- the head -------------------------------------------------------------------------------- */

/* FNV-1a, over words, so that a gigabyte does not take seconds. It finds what is broken, not who has broken it. */
struct sum {
    uint64_t hash, word;
    unsigned n; /* bytes of the word */
};

static void mix(struct sum *s)
{
    s->hash = (s->hash ^ s->word) * UINT64_C(0x100000001b3);
    s->hash ^= s->hash >> 29;
    s->word = 0;
    s->n = 0;
}

static void sum_add(struct sum *s, const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        s->word |= (uint64_t)data[i] << (8 * s->n);
        if (++s->n == 8) mix(s);
    }
}

static uint64_t sum_end(struct sum *s)
{
    if (s->n) mix(s);
    return s->hash;
}

#define SUM_INIT ((struct sum){.hash = UINT64_C(0xcbf29ce484222325)})

static void put(uint8_t *to, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++) to[i] = (uint8_t)(value >> (8 * i));
}

static uint64_t get(const uint8_t *from, size_t size)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++) value |= (uint64_t)from[i] << (8 * i);
    return value;
}

int snapshot_parse(weft_bytes all, weft_bytes *saved)
{
    struct sum sum = SUM_INIT;
    if (!all.len) return -ENODATA;
    if (all.len < HEAD || memcmp(all.data, magic, sizeof magic) != 0) return -EINVAL;
    if (get(all.data + 8, 4) != VERSION) return -ENOTSUP;
    *saved = (weft_bytes){all.data + HEAD, all.len - HEAD};
    if (get(all.data + 12, 8) != saved->len) return -EINVAL;
    sum_add(&sum, saved->data, saved->len);
    return get(all.data + 20, 8) == sum_end(&sum) ? 0 : -EINVAL;
}

/* ---- writing --------------------------------------------------------------------------------- */

struct writer {
    int fd;
    struct sum sum;
    uint64_t len;
    size_t waits;
    uint8_t bytes[CHUNK];
};

static int write_all(int fd, const uint8_t *data, size_t len)
{
    while (len) {
        ssize_t n = write(fd, data, len);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return -errno;
        data += n;
        len -= (size_t)n;
    }
    return 0;
}

static int flush(struct writer *w)
{
    int error = write_all(w->fd, w->bytes, w->waits);
    w->waits = 0;
    return error;
}

static int add(const void *data, size_t len, void *user)
{
    struct writer *w = user;
    sum_add(&w->sum, data, len);
    w->len += len;
    for (const uint8_t *from = data; len;) {
        size_t n = CHUNK - w->waits < len ? CHUNK - w->waits : len;
        memcpy(w->bytes + w->waits, from, n);
        w->waits += n;
        from += n;
        len -= n;
        int error = w->waits == CHUNK ? flush(w) : 0;
        if (error) return error;
    }
    return 0;
}

static int write_head(struct writer *w)
{
    uint8_t head[HEAD];
    memcpy(head, magic, sizeof magic);
    put(head + 8, VERSION, 4);
    put(head + 12, w->len, 8);
    put(head + 20, sum_end(&w->sum), 8);
    return lseek(w->fd, 0, SEEK_SET) < 0 ? -errno : write_all(w->fd, head, HEAD);
}

void snapshot_write(const struct snapshot *s, weft_channels *c, const struct trace *t)
{
    if (s->fd < 0) return;
    struct writer *w = calloc(1, sizeof *w);
    int error = w ? 0 : -ENOMEM;
    if (w) *w = (struct writer){.fd = s->fd, .sum = SUM_INIT};
    if (!error && lseek(s->fd, HEAD, SEEK_SET) < 0) error = -errno;
    if (!error) error = weft_channels_save(c, add, w);
    if (!error) error = flush(w);
    if (!error) error = write_head(w);
    if (error)
        trace_tell(t, "snapshot: it could not be written, so channels begin anew: %s",
                   weft_strerror(error));
    else trace_line(t, "snapshot: %zu bytes are left for the next process", (size_t)w->len + HEAD);
    free(w);
}

/* ---- reading --------------------------------------------------------------------------------- */

static int read_all(int fd, uint8_t **data, size_t *len)
{
    struct stat st;
    size_t n = 0;
    if (fstat(fd, &st) < 0 || lseek(fd, 0, SEEK_SET) < 0) return -errno;
    *len = st.st_size > 0 ? (size_t)st.st_size : 0;
    *data = malloc(*len + 1);
    if (!*data) return -ENOMEM;
    while (n < *len) {
        ssize_t got = read(fd, *data + n, *len - n);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return got < 0 ? -errno : -EINVAL;
        n += (size_t)got;
    }
    return 0;
}

static const char *why(int error)
{
    if (error == -EINVAL) return "it is broken";
    if (error == -ENOTSUP) return "it is of another version of weft";
    return weft_strerror(error);
}

void snapshot_restore(const struct snapshot *s, weft_channels *c, const struct trace *t)
{
    uint8_t *data = NULL;
    size_t len = 0;
    weft_bytes saved;
    if (s->fd < 0) return;
    int error = read_all(s->fd, &data, &len);
    if (!error) error = snapshot_parse((weft_bytes){data, len}, &saved);
    if (!error) error = weft_channels_restore(c, saved);
    if (!error)
        trace_line(t, "snapshot: %zu channels go on where they were",
                   weft_topics(weft_channels_hub(c)));
    else if (error != -ENODATA)
        trace_tell(t, "snapshot: %s, so channels begin anew, with new epochs", why(error));
    free(data);
    if (ftruncate(s->fd, 0) < 0)
        trace_tell(t, "snapshot: it cannot be emptied: %s", weft_strerror(-errno));
}

/* ---- where it is ----------------------------------------------------------------------------- */

/* Nobody else's file is followed to, and nobody else may read what is said on channels. */
static int open_file(struct snapshot *s, const char *file)
{
    struct stat st;
    if (s->fd < 0) s->fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (s->fd < 0 || fstat(s->fd, &st) < 0) return -errno;
    if (!S_ISREG(st.st_mode)) return -EINVAL;
    if (flock(s->fd, LOCK_EX | LOCK_NB) < 0) return errno == EWOULDBLOCK ? -EAGAIN : -errno;
    return 0;
}

/* If it is not kept nobody is worse off. */
static void make_for_systemd(struct snapshot *s, const struct notify *n)
{
    s->fd = memfd_create(SNAPSHOT_NAME, MFD_CLOEXEC);
    if (s->fd < 0) return;
    s->of_systemd = true;
    if (notify_send_fd(n, "FDSTORE=1\nFDNAME=" SNAPSHOT_NAME, s->fd) < 0) snapshot_close(s);
}

int snapshot_open(struct snapshot *s, const char *file, int passed, const struct notify *n)
{
    if (file) return open_file(s, file);
    if (passed >= 0) *s = (struct snapshot){passed, true};
    else if (n->fd >= 0) make_for_systemd(s, n);
    return 0;
}

void snapshot_close(struct snapshot *s)
{
    if (s->fd >= 0) close(s->fd);
    *s = (struct snapshot){.fd = -1};
}
