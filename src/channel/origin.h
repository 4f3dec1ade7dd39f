/* SPDX-License-Identifier: MIT
 *
 * channel/origin.h - whether the page that a request comes from may have it done
 *
 * One policy for every request, whatever its method. A browser says from where a request comes, in one of two ways;
 * who says neither is no page:
 *
 *      Origin              Sec-Fetch-Site              answer
 *      -----------------   -------------------------   -----------------------------------------------
 *      an allowed one                                  done
 *      another, or null                                403
 *      none                none, same-origin, or not   done
 *                          said
 *      none                cross-site, same-site       done for a GET that shows the page to who follows a link;
 *                                                      done where pages of any origin are allowed; else 403
 */
#ifndef CHANNEL_ORIGIN_H
#define CHANNEL_ORIGIN_H

#include <weft/base.h>

#include "channel/refusal.h"

struct origin_facts {
    weft_bytes origin; /* of the request; empty: it has none */
    bool allowed;      /* that is one of the server's (weft_request_allowed) */
    bool any;          /* the server's are all */
    bool page;         /* a GET for the channel's page */
    weft_bytes site;   /* Sec-Fetch-Site */
    weft_bytes mode;   /* Sec-Fetch-Mode */
};

/* 0; or -1, and why (403). */
int origin_check(const struct origin_facts *facts, struct refusal *why);

#endif
