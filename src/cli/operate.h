/* SPDX-License-Identifier: MIT
 *
 * cli/operate.h - what whoever runs a server can ask of it, and have done, while it runs: JSON over HTTP (admin.h)
 *
 *      GET  /channels?prefix=/a     {"channels":[{"channel":"/a","readers":3, ...}],"more":false}
 *      GET  /who?channel=/a         {"count":3,"members":[...],"connections":[{"connection":"17", ...}]}
 *      POST /kick?user=ann          {"kicked":2}     his connections are closed with 3003
 *      POST /kick?connection=17     {"kicked":1}
 *      POST /purge?channel=/a       {"purged":100}   what is kept goes
 *      POST /reload                 {"reloaded":true}
 *
 * What cannot be done is {"error":{"code":404,"message":"..."}}, as channels say it. All of it is asked in the first
 * loop; what is about connections goes to theirs, and the answer waits for them.
 */
#ifndef CLI_OPERATE_H
#define CLI_OPERATE_H

#include "cli/channels.h"

struct operate {
    weft_loop *first;
    weft_server **server; /* the one that is looked after; NULL in it: not any more */
    struct channels *channels;
    bool (*reload)(void *user);
    void *user;
};

/* o is kept. Errors: as weft_server_on_request. */
int operate_route(const struct operate *o, weft_server *at);

#endif
