/* SPDX-License-Identifier: MIT
 *
 * channel/rates.c - keys of buckets: a letter for what is counted, and whose it is
 */
#include "channel/rates.h"

#include <arpa/inet.h>
#include <string.h>

enum { PLACES = 4096, KEY_ROOM = 1 + INET6_ADDRSTRLEN };

int rates_open(weft_channels *c)
{
    return weft_buckets_new(&c->buckets, c->env, PLACES);
}

/* ---- keys ------------------------------------------------------------------------------------ */

static weft_bytes key_of_host(char what, const char *host, uint8_t room[KEY_ROOM])
{
    struct in6_addr six;
    size_t len = strnlen(host, KEY_ROOM - 1);
    room[0] = (uint8_t)what;
    if (inet_pton(AF_INET6, host, &six) == 1) {
        room[0] = (uint8_t)(what | 0x80);
        memcpy(room + 1, six.s6_addr, len = 8);
    } else {
        memcpy(room + 1, host, len);
    }
    return (weft_bytes){room, 1 + len};
}

/* ---- channels -------------------------------------------------------------------------------- */

uint64_t rates_make(weft_channels *c, const char *host, uint64_t now_us)
{
    uint8_t room[KEY_ROOM];
    uint64_t rate = c->cfg.new_channels;
    if (rate == WEFT_NEVER) return 0;
    const weft_take one = {.key = key_of_host('c', host, room), .amount = 1, .per_s = rate};
    return weft_buckets_take(c->buckets, &one, 1, now_us);
}
