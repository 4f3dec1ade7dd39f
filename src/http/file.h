/* SPDX-License-Identifier: MIT
 *
 * http/file.h - static files without touching a file: which path, type, and what a request gets
 *
 *      file_path      "/a%20b/"  ->  "a b/index.html", safe beneath a root
 *      file_type      "x.html"   ->  "text/html; charset=utf-8"
 *      file_evaluate  request's conditions and range + size, time, inode -> status, slice, fields
 */
#ifndef HTTP_FILE_H
#define HTTP_FILE_H

#include "http/date.h"

#define FILE_ETAG_SIZE  56 /* quotes and NUL included */
#define FILE_RANGE_SIZE 72

/* A request's path (without query) as a relative path, percent-decoded once, terminated. A path
 * that ends in '/' gets "index.html". Returns 0, or the status to answer: 400 (a bad escape, %00,
 * an encoded slash, a backslash, a control character, not UTF-8), 404 (".", "..", a hidden or
 * empty segment), 414 (longer than size). */
int file_path(weft_bytes path, char *out, size_t size);

/* Content-Type by the name's extension; "application/octet-stream" for an unknown one. */
const char *file_type(const char *name);

struct file_info {
    uint64_t size;
    int64_t mtime; /* seconds since 1970 */
    uint32_t mtime_ns;
    uint64_t inode;
};

struct file_answer {
    int status;      /* 200, 206, 304, 412, 416 */
    uint64_t first;  /* with 200 and 206 the bytes to send: from here, */
    uint64_t length; /* so many */
    char etag[FILE_ETAG_SIZE];
    char modified[HTTP_DATE_SIZE];
    char range[FILE_RANGE_SIZE]; /* Content-Range, with 206 and 416; else "" */
};

/* For GET and HEAD: If-Match, If-Unmodified-Since, If-None-Match, If-Modified-Since, Range with
 * If-Range, in that order (RFC 9110, 13.2.2). One range is honoured; several or malformed ones are
 * ignored. */
void file_evaluate(const struct file_info *info, const weft_field *fields, size_t n_fields,
                   struct file_answer *out);

#endif
