/* SPDX-License-Identifier: MIT
 *
 * http/date.h - the dates of HTTP (RFC 9110, 5.6.7); seconds since 1970, UTC
 */
#ifndef HTTP_DATE_H
#define HTTP_DATE_H

#include "base/bytes.h"

#define HTTP_DATE_SIZE 30 /* "Sun, 06 Nov 1994 08:49:37 GMT" and NUL */

/* The preferred form. seconds from 0 to the end of the year 9999, else cut to that. */
void date_format(int64_t seconds, char out[HTTP_DATE_SIZE]);

/* The preferred form and the two obsolete ones; two-digit years are 1970 to 2069. */
bool date_parse(weft_bytes text, int64_t *seconds);

#endif
