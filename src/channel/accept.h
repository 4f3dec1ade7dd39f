/* SPDX-License-Identifier: MIT
 *
 * channel/accept.h - whether an Accept field names a media type (RFC 9110, 12.5.1)
 */
#ifndef CHANNEL_ACCEPT_H
#define CHANNEL_ACCEPT_H

#include <weft/base.h>

/* By its own name, whatever its weight, unless that is 0: neither "text/" with a star nor two stars name it. */
bool accept_names(weft_bytes accept, const char *type);

#endif
