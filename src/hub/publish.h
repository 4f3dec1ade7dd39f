/* SPDX-License-Identifier: MIT
 *
 * hub/publish.h - to append
 */
#ifndef HUB_PUBLISH_H
#define HUB_PUBLISH_H

#include "hub/topic.h"

/* The topic of that name, as a reference; NULL in *out, and no error: nobody would ever know what is published there.
 * */
int publish_find(weft_hub *h, const char *topic, weft_topic **out);

#endif
