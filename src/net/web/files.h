/* SPDX-License-Identifier: MIT
 *
 * net/web/files.h - a route that serves the files of a directory
 */
#ifndef NET_FILES_H
#define NET_FILES_H

#include <weft/http.h>

struct files;

/* Of a file so much at most is read ahead of a client, less where send_queue_soft is: reading on costs nothing. */
enum { FILES_AHEAD = 65536 };

/* route_len: the length of the route with its last slash, which a path begins with. Errors: -ENOMEM, and
 * -errno of opening dir. */
int files_new(struct files **out, weft_loop *l, size_t route_len, const char *dir);
void files_free(void *files);
void files_on_request(weft_request *r, void *files);

#endif
