/* SPDX-License-Identifier: MIT
 *
 * weft/weft.h - everything, in reading order
 */
#ifndef WEFT_WEFT_H
#define WEFT_WEFT_H

/* clang-format off */
#include <weft/error.h>
#include <weft/base.h>
#include <weft/session.h>
#include <weft/handshake.h>
#include <weft/loop.h>
#include <weft/peer.h>
#include <weft/tls.h>
#include <weft/conn.h>
#include <weft/piece.h>
#include <weft/http.h>
#include <weft/server.h>
#include <weft/dial.h>
#include <weft/client.h>
#include <weft/pipe.h>
#include <weft/hub.h>
#include <weft/topic.h>
#include <weft/channel.h>
#include <weft/aux.h>
/* clang-format on */

#endif
