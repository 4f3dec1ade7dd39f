/* SPDX-License-Identifier: MIT
 *
 * fuzz/fuzz_config.c - the configuration file of `weft serve`, whatever is in it
 *
 * What was set is what a flag may be, what was not is said, and what was read is read again the same.
 */
#include <stdio.h>

#include "base/bytes.h"
#include "cli/config_file.h"
#include "cli/serve_settings.h"
#include "fuzz.h"

static void count(const char *line, void *user)
{
    check(*line != '\0');
    ++*(unsigned *)user;
}

static void read_it(struct serve_settings *s, weft_bytes text, unsigned *told)
{
    *told = 0;
    serve_settings_init(s, (struct teller){count, told});
    config_file_parse(&s->said, "f", text.data, text.len);
    check(s->said.wrong == *told && *told <= SETTINGS_WRONG_MAX + 2);
}

static void in_range(const struct service_options *o)
{
    char why[FLAG_WHY];
    check(o->listening.port <= 65535 || o->listening.port == LISTENING_NO_PORT);
    check(o->max_message <= 1 << 30 && o->threads <= SERVICE_THREADS_MAX && o->verbose <= 9);
    check(o->channels.channels.n <= FLAG_LIST_MAX &&
          !o->channels.channels.items[o->channels.channels.n]);
    for (size_t i = 0; i < o->channels.channels.n; i++)
        check(channels_check(o->channels.channels.items[i], why));
    for (size_t i = 0; i < o->listening.addresses.n; i++)
        check(listening_check(o->listening.addresses.items[i], why));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct serve_settings once, again;
    char stuck[400];
    unsigned first, second;
    weft_span exact = exact_copy((weft_bytes){data, size});
    weft_bytes text = {exact.data, exact.len};
    read_it(&once, text, &first);
    read_it(&again, text, &second);
    free(exact.data);
    in_range(&once.service);
    serve_settings_stuck(&once, &again, stuck, sizeof stuck);
    check(first == second && !*stuck);
    check(!once.file && !once.check);
    serve_settings_deinit(&once);
    serve_settings_deinit(&again);
    return 0;
}
