/* SPDX-License-Identifier: MIT
 *
 * bench/deflate.c - which encoder for messages without context takeover?
 *
 * Compresses JSON messages, each for itself, as permessage-deflate wants it: zlib, ISA-L and (when the
 * build finds it) libdeflate, all at level 1. Time is per message, size against the input. weft uses the
 * one that is ahead; this is why. libdeflate cannot flush, so its messages end with BFINAL and a 00.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <isa-l.h>
#include <zlib.h>

enum { LARGEST = 16384, ROUNDS = 5000 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* Rows of quotes, cut at n bytes; another message for every seed. */
static void write_json(char *to, size_t n, unsigned seed)
{
    static const char *const names[] = {"ACME", "GLOBEX", "INITECH", "HOOLI", "STARK", "WAYNE"};
    char row[200];
    for (size_t at = 0; at < n;) {
        seed = seed * 1103515245 + 12345;
        unsigned r = seed >> 8;
        int len = snprintf(
            row, sizeof row, "{\"symbol\":\"%s\",\"bid\":%u.%02u,\"ask\":%u.%02u,\"time\":%u},",
            names[r % 6], 100 + r % 50, r % 97, 101 + r % 50, r % 89, 1700000000 + r % 1000000);
        size_t part = (size_t)len < n - at ? (size_t)len : n - at;
        memcpy(to + at, row, part);
        at += part;
    }
}

/* ---- the encoders ---------------------------------------------------------------------------- */

static char in[LARGEST];
static unsigned char out[2 * LARGEST];
static z_stream z;
static struct isal_zstream isal;
static unsigned char level_buffer[ISAL_DEF_LVL1_SMALL];

static size_t with_zlib(size_t n)
{
    deflateReset(&z);
    z.next_in = (unsigned char *)in;
    z.avail_in = (unsigned)n;
    z.next_out = out;
    z.avail_out = sizeof out;
    deflate(&z, Z_SYNC_FLUSH);
    return sizeof out - z.avail_out - 4;
}

static size_t with_isal(size_t n)
{
    isal_deflate_init(&isal);
    isal.level = 1;
    isal.level_buf = level_buffer;
    isal.level_buf_size = sizeof level_buffer;
    isal.flush = SYNC_FLUSH;
    isal.next_in = (unsigned char *)in;
    isal.avail_in = (unsigned)n;
    isal.next_out = out;
    isal.avail_out = sizeof out;
    isal_deflate(&isal);
    return isal.total_out - 4;
}

#ifdef HAVE_LIBDEFLATE
#include <libdeflate.h>

static struct libdeflate_compressor *compressor;

static size_t with_libdeflate(size_t n)
{
    if (!compressor) compressor = libdeflate_alloc_compressor(1);
    return libdeflate_deflate_compress(compressor, in, n, out, sizeof out) + 1;
}
#endif

static const struct encoder {
    const char *name;
    size_t (*run)(size_t n);
} encoders[] = {
    {"zlib 1", with_zlib},
    {"ISA-L 1", with_isal},
#ifdef HAVE_LIBDEFLATE
    {"libdeflate 1", with_libdeflate},
#endif
};

static void measure(const struct encoder *e, size_t n)
{
    double spent = 0;
    size_t bytes = 0;
    for (unsigned i = 0; i < ROUNDS; i++) {
        write_json(in, n, i * 77);
        double begun = now();
        bytes += e->run(n);
        spent += now() - begun;
    }
    printf("%6zu bytes   %-12s %7.2f us   %5.1f %%\n", n, e->name, spent / ROUNDS,
           100.0 * (double)bytes / ROUNDS / (double)n);
}

int main(void)
{
    static const size_t sizes[] = {64, 200, 256, 512, 1024, 4096, 16384};
    if (deflateInit2(&z, 1, Z_DEFLATED, -15, 8, 0) != Z_OK) return 1;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (size_t k = 0; k < sizeof encoders / sizeof *encoders; k++)
            measure(&encoders[k], sizes[i]);
    return 0;
}
