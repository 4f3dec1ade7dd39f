/* SPDX-License-Identifier: MIT
 *
 * cli/publish_rate.c - 'WHO: MESSAGES[, BYTES]'
 */
#include "cli/publish_rate.h"

#include <stdio.h>
#include <string.h>

#include "cli/values.h"

enum { RATE_MAX = 1000000000, TEXT_MAX = 64 };

static const char *const whose[PUBLISH_WHO] = {
    [PUBLISH_ADDRESS] = "address", [PUBLISH_CONNECTION] = "connection", [PUBLISH_USER] = "user"};

static char *trimmed(char *text)
{
    text += strspn(text, " \t");
    size_t len = strlen(text);
    while (len && strchr(" \t", text[len - 1])) text[--len] = '\0';
    return text;
}

static bool read_rate(weft_channel_rate *out, char *text)
{
    char *bytes = strchr(text, ',');
    *out = (weft_channel_rate){0};
    if (bytes) *bytes++ = '\0';
    if (!value_number(trimmed(text), &out->messages) || out->messages > RATE_MAX) return false;
    return !bytes || (value_size(trimmed(bytes), &out->bytes) && out->bytes <= RATE_MAX);
}

static const char *read_one(struct publish_rates *out, const char *text)
{
    char own[TEXT_MAX];
    size_t len = strlen(text), i = 0;
    if (len >= sizeof own) return "that is too long";
    memcpy(own, text, len + 1);
    char *colon = strchr(own, ':');
    if (colon) *colon++ = '\0';
    char *who = trimmed(own);
    while (i < PUBLISH_WHO && strcmp(who, whose[i]) != 0) i++;
    if (i == PUBLISH_WHO) return "there are address, connection and user";
    return colon && read_rate(&out->of[i], colon)
               ? NULL
               : "it is MESSAGES[, BYTES] a second, such as 50 or 50, 1M";
}

bool publish_rate_check(const char *text, char why[FLAG_WHY])
{
    struct publish_rates ignored;
    const char *wrong = read_one(&ignored, text);
    if (wrong) snprintf(why, FLAG_WHY, "\"%.80s\": %s", text, wrong);
    return !wrong;
}

void publish_rates_of(struct publish_rates *out, const struct flag_list *list)
{
    *out = (struct publish_rates){0};
    for (size_t i = 0; i < list->n; i++) (void)read_one(out, list->items[i]);
}

bool publish_rates_have_addresses(const struct flag_list *list)
{
    struct publish_rates rates;
    publish_rates_of(&rates, list);
    return rates.of[PUBLISH_ADDRESS].messages || rates.of[PUBLISH_ADDRESS].bytes;
}
