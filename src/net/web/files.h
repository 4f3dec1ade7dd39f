/* SPDX-License-Identifier: MIT
 *
 * net/web/files.h - the files of a directory: as a route, or asked for one
 */
#ifndef NET_FILES_H
#define NET_FILES_H

#include <weft/server.h>

/* Of a file so much at most is read ahead of a client, less where send_queue_soft is: reading on costs nothing. */
enum { FILES_AHEAD = 65536 };

/* skip: of a request's path, so that it begins with the slash in front of a file's name; limits: of the answers
 * (own_limits). Errors: -ENOMEM, and -errno of opening dir. */
int files_new(weft_files **out, weft_loop *l, size_t skip, uint16_t limits, const char *dir);
void files_free(void *files);

/* As a route. */
void files_on_request(weft_request *r, void *files);

#endif
