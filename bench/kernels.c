/* SPDX-License-Identifier: MIT
 *
 * bench/kernels.c - how fast are the loops over payload, for themselves?
 *
 *      kernels [MILLISECONDS]          each measurement takes that long, 50 unless said otherwise
 *
 * Bytes per second of masking and of checking UTF-8 by each set of kernels that this processor runs,
 * against memcpy; then what short payload costs, by the functions that the library calls; then frames,
 * through a session. Everything is in the cache, as payload is that was just received. A measurement is
 * the best of many short ones, because others use the machine too.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <weft/session.h>

#include "base/kernels.h"
#include "base/utf8.h"
#include "ws/mask.h"

enum { LARGEST = 1 << 20, SHORT_RUN = 100000 /* ns */ };

static uint8_t text[LARGEST], other[LARGEST];
static double budget = 50e6; /* ns */
static volatile size_t sink;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* What is measured: work on n bytes. */
struct work {
    void (*run)(const struct work *w, size_t n);
    const struct kernels *kernels;
    weft_session *session;
};

static double run_many(const struct work *w, size_t n, size_t times)
{
    double begun = now();
    for (size_t i = 0; i < times; i++) w->run(w, n);
    return now() - begun;
}

/* ns for n bytes, at best */
static double cost(const struct work *w, size_t n)
{
    size_t times = 1;
    while (run_many(w, n, times) < SHORT_RUN && times < 1 << 20) times *= 2;
    double best = 1e30, end = now() + budget;
    do {
        double took = run_many(w, n, times) / (double)times;
        if (took < best) best = took;
    } while (now() < end);
    return best;
}

static void print_rate(const struct work *w, size_t n)
{
    printf(" %9.1f", (double)n / cost(w, n));
    fflush(stdout);
}

/* ---- what is done ---------------------------------------------------------------------------- */

static void copies(const struct work *w, size_t n)
{
    (void)w;
    memcpy(other, text, n);
    __asm__ volatile("" ::: "memory");
}

static void masks(const struct work *w, size_t n)
{
    w->kernels->mask(text, text, n, 0x1234567812345678);
}

static void masks_copying(const struct work *w, size_t n)
{
    w->kernels->mask(other, text, n, 0x1234567812345678);
}

static void checks(const struct work *w, size_t n)
{
    sink = w->kernels->utf8(text, KERNEL_LOOK_BACK, n);
}

/* Pieces that are too short for a kernel. */
static void checks_alone(const struct work *w, size_t n)
{
    (void)w;
    utf8_state s = 0;
    for (size_t i = 0; i < n; i += 64) sink = utf8_feed(&s, text + i, n - i < 64 ? n - i : 64);
}

static void feeds(const struct work *w, size_t n)
{
    (void)w;
    utf8_state s = 0;
    sink = utf8_feed(&s, text, n);
}

static void masks_any(const struct work *w, size_t n)
{
    (void)w;
    sink = mask_in_place(text, n, (mask_key){{1, 2, 3, 4}}).bytes[0];
}

static void masks_and_feeds(const struct work *w, size_t n)
{
    (void)w;
    utf8_state s = 0;
    mask_in_place(text, n, (mask_key){{0}});
    sink = utf8_feed(&s, text, n);
}

static void reads(const struct work *w, size_t n)
{
    weft_span in = {text, n};
    weft_event ev;
    size_t events = 0;
    while (weft_session_read(w->session, &in, &ev) > 0) events++;
    sink = events;
}

/* ---- what it is done to ---------------------------------------------------------------------- */

static const struct sample {
    const char *name, *line;
} samples[] = {
    {"ASCII", "The quick brown fox jumps over the lazy dog. "},
    {"Latin",
     "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich. Voilà l'été à Orléans. "},
    {"Greek", "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία. "},
    {"CJK", "色は匂へど散りぬるを我が世誰ぞ常ならむ。天地玄黃宇宙洪荒。"},
    {"emoji", "😀😃😄😁😆😅🤣😂"},
    {"JSON",
     "{\"name\":\"José Müller\",\"city\":\"São Paulo\",\"id\":40122,\"tags\":[\"a\",\"b\"],\"price\":\"€ 12,50\"},"},
};

/* n bytes of the sample, behind three spaces; spaces for a code point that does not fit. */
static void fill(const struct sample *s, size_t n)
{
    size_t len = strlen(s->line), at = KERNEL_LOOK_BACK;
    memset(text, ' ', n);
    while (at < n) {
        size_t part = utf8_cut((const uint8_t *)s->line, len, n - at);
        if (!part) break;
        memcpy(text + at, s->line, part);
        at += part;
        if (part < len) break;
    }
}

static size_t put_frame(uint8_t *to, size_t len)
{
    static const uint8_t key[4];
    size_t head = len < 126 ? 2 : 4;
    to[0] = 0x82;
    to[1] = (uint8_t)(0x80 | (len < 126 ? len : 126));
    if (len >= 126) to[2] = (uint8_t)(len >> 8), to[3] = (uint8_t)len;
    memcpy(to + head, key, sizeof key);
    memset(to + head + sizeof key, 'x', len);
    return head + sizeof key + len;
}

/* ---- the tables ------------------------------------------------------------------------------ */

static const size_t sizes[] = {1024, 16384, LARGEST};
enum { SIZES = sizeof sizes / sizeof *sizes, SAMPLES = sizeof samples / sizeof *samples };

static void row(const char *name, const char *what, const struct work *w)
{
    printf("%-10s %-22s", name, what);
    for (size_t i = 0; i < SIZES; i++) print_rate(w, sizes[i]);
    printf("\n");
}

static void mask_table(void)
{
    printf("GB/s                                 1 KiB    16 KiB     1 MiB\n");
    row("libc", "memcpy", &(struct work){.run = copies});
    const struct kernels *k;
    for (size_t i = 0; (k = kernels_nth(i)); i++) {
        row(k->name, "mask in place", &(struct work){.run = masks, .kernels = k});
        row(k->name, "mask and copy", &(struct work){.run = masks_copying, .kernels = k});
    }
}

static void utf8_row(const char *name, const struct work *w, size_t n)
{
    printf("%-10s", name);
    for (size_t i = 0; i < SAMPLES; i++) {
        fill(&samples[i], n);
        print_rate(w, n);
    }
    printf("\n");
}

static void utf8_table(size_t n)
{
    printf("\nUTF-8, %4zu KiB", n / 1024);
    for (size_t i = 0; i < SAMPLES; i++) printf(i ? "%10s" : "%6s", samples[i].name);
    printf("   GB/s\n");
    const struct kernels *k;
    for (size_t i = 0; (k = kernels_nth(i)) && k != &kernels_portable; i++)
        utf8_row(k->name, &(struct work){.run = checks, .kernels = k}, n);
    utf8_row("automaton", &(struct work){.run = checks_alone}, n);
    utf8_row("and unmask", &(struct work){.run = masks_and_feeds}, n);
}

static void short_table(void)
{
    static const size_t few[] = {5, 16, 64, 125, 512, 1024};
    printf("\nns of one call, bytes: ");
    for (size_t i = 0; i < 6; i++) printf("%8zu", few[i]);
    printf("\n%-22s ", "mask_in_place");
    for (size_t i = 0; i < 6; i++) printf("%8.1f", cost(&(struct work){.run = masks_any}, few[i]));
    for (size_t s = 0; s < SAMPLES; s++) {
        printf("\n%-9s %-12s ", "utf8_feed", samples[s].name);
        for (size_t i = 0; i < 6; i++) {
            fill(&samples[s], few[i]);
            printf("%8.1f", cost(&(struct work){.run = feeds}, few[i]));
        }
    }
    printf("\n");
}

/* 64 KiB of frames; the key is 0, so that they stay what they are. */
static void frame_table(void)
{
    static const size_t lens[] = {16, 125, 1024};
    struct work w = {.run = reads};
    if (weft_session_new(&w.session, WEFT_SERVER, NULL) < 0) exit(1);
    printf("\nframes read by a session, payload:\n");
    for (size_t i = 0; i < 3; i++) {
        size_t n = 0, frames = 0;
        for (; n + 8 + lens[i] <= 65536; frames++) n += put_frame(text + n, lens[i]);
        double ns = cost(&w, n);
        printf("%22zu  %8.1f ns each %8.1f GB/s\n", lens[i], ns / (double)frames, (double)n / ns);
    }
    weft_session_free(w.session);
}

int main(int argc, char **argv)
{
    if (argc > 1) budget = atof(argv[1]) * 1e6;
    mask_table();
    utf8_table(16384);
    utf8_table(LARGEST);
    short_table();
    frame_table();
    return 0;
}
