/* SPDX-License-Identifier: MIT
 *
 * channel/rights.c - asks, and their answers
 */
#include "channel/rights.h"

#include "channel/bytes.h"

static const char *in_words(unsigned rights)
{
    if (rights & WEFT_RIGHT_READ) return "read";
    if (rights & WEFT_RIGHT_WRITE) return "publish on";
    if (rights & WEFT_RIGHT_PATTERN) return "subscribe to all of";
    if (rights & WEFT_RIGHT_DROP) return "drop what is kept of";
    return "see who is on";
}

void rights_ask(weft_channel_ask *a)
{
    const weft_channels_config *cfg = &a->channels->cfg;
    if (cfg->on_ask) cfg->on_ask(a, cfg->user);
    else weft_channel_ask_grant(a, cfg->rights);
}

void weft_channel_ask_grant(weft_channel_ask *a, unsigned rights)
{
    struct refusal why;
    unsigned missing = a->needs & ~rights;
    if (!missing) {
        a->granted(a, rights);
        return;
    }
    refusal_write(&why, 403, "you may not %s %.*s", in_words(missing), BYTES_TEXT(a->name));
    a->refused(a, &why);
}

void weft_channel_ask_refuse(weft_channel_ask *a, int status, const char *words)
{
    struct refusal why;
    bool is_one = status >= 400 && status < 600;
    refusal_write(&why, is_one ? status : 500, "%s", words);
    a->refused(a, &why);
}

int weft_channel_ask_field(weft_channel_ask *a, const char *name, const char *value)
{
    if (a->upgrade) return weft_upgrade_field(a->upgrade, name, value);
    return a->request ? weft_reply_field(a->request, name, value) : 0;
}

weft_bytes weft_channel_ask_name(const weft_channel_ask *a)
{
    return a->name;
}

unsigned weft_channel_ask_rights(const weft_channel_ask *a)
{
    return a->needs;
}

weft_request *weft_channel_ask_request(const weft_channel_ask *a)
{
    return a->request;
}

weft_conn *weft_channel_ask_conn(const weft_channel_ask *a)
{
    return a->conn;
}
