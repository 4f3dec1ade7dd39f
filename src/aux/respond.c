/* SPDX-License-Identifier: MIT
 *
 * aux/respond.c - short answers to requests
 */
#include <errno.h>
#include <string.h>

#include <weft/aux.h>

int weft_respond_str(weft_request *r, int status, const char *type, const char *text)
{
    if (!type && *text) type = "text/plain; charset=utf-8";
    return weft_respond(r, status, type, text, strlen(text));
}

static bool redirects(int status)
{
    return (status >= 301 && status <= 303) || status == 307 || status == 308;
}

int weft_respond_redirect(weft_request *r, int status, const char *location)
{
    int error = redirects(status) ? weft_reply_field(r, "Location", location) : -EINVAL;
    int said = weft_respond(r, error < 0 ? 500 : status, NULL, NULL, 0);
    return error < 0 ? error : said;
}
