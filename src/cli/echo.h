/* SPDX-License-Identifier: MIT
 *
 * cli/echo.h - an echo endpoint: what comes goes back, nothing is lost
 */
#ifndef CLI_ECHO_H
#define CLI_ECHO_H

#include "cli/service.h"

struct echo {
    struct traced traced; /* its place: the path */
};

int echo_add(struct echo *e, struct service *s, const char *path);

/* Answers a plain request for it: 426. */
void echo_refuse(weft_request *r);

#endif
