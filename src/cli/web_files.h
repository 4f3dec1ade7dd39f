/* SPDX-License-Identifier: MIT
 *
 * cli/web_files.h - the pages of web/, inside the program
 *
 * The build makes the table (cmake/embed.cmake), so that `weft demo` needs no file on disk. Sorted by
 * path; nothing is compressed, nothing is changed.
 */
#ifndef CLI_WEB_FILES_H
#define CLI_WEB_FILES_H

#include <stddef.h>

struct web_file {
    const char *path; /* below web/, with a slash in front: "/chat/index.html" */
    const char *type; /* for Content-Type: "text/html; charset=utf-8" */
    const unsigned char *data;
    size_t len;
};

extern const struct web_file web_files[];
extern const size_t n_web_files;

#endif
