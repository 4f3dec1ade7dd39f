/* SPDX-License-Identifier: MIT
 *
 * base/reserved.h - the header fields that are weft's to write
 *
 * Who adds a field of his own to one of these heads may not add one that the head says anyway: two that
 * differ are read by two programs in two ways.
 */
#ifndef BASE_RESERVED_H
#define BASE_RESERVED_H

#include <weft/base.h>

enum reserved_in {
    RESERVED_IN_REPLY = 1,
    RESERVED_IN_UPGRADE = 2, /* the 101 of a WebSocket, or the refusal in its place */
    RESERVED_IN_REQUEST = 4, /* a client's, for a WebSocket */
};

bool field_is_reserved(weft_bytes name, enum reserved_in in);

#endif
