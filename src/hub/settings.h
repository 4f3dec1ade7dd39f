/* SPDX-License-Identifier: MIT
 *
 * hub/settings.h - how topics behave, with the defaults filled in
 */
#ifndef HUB_SETTINGS_H
#define HUB_SETTINGS_H

#include "hub/core.h"

/* given: NULL, or the user's. Errors: -EINVAL (what it has and we do not know), -ENOMEM. */
int settings_add(weft_hub *h, const weft_topic_settings *given);

/* Of a topic of that name. NULL: no memory. */
const weft_topic_settings *hub_settings_of(weft_hub *h, const char *topic);

#endif
