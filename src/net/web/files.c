/* SPDX-License-Identifier: MIT
 *
 * net/web/files.c - static files: http/file.c decides, io/disk.c opens and reads, the reply streams
 *
 *      path -> file_path -> disk_open -> file_evaluate -> weft_reply_begin -> PART by PART -> weft_reply_end
 *
 * The next parts are read when the client has taken the last ones (on_drain): FILES_AHEAD and a part at most. If it has
 * taken nothing for a second, they are dropped, and read anew when there is room (reply_repeats): so a large file that
 * nobody reads holds next to nothing.
 */
#include "net/web/files.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/limits.h"
#include "http/file.h"
#include "io/disk.h"
#include "io/loop.h"
#include "net/web/reply.h"

enum { PART = 32768, PATH_SIZE = 4096 };

struct weft_files {
    weft_loop *loop;
    size_t skip; /* of a route's paths, so that they begin with the slash */
    int root;
    uint16_t limits;
};

struct transfer {
    weft_reply *reply;
    struct disk_file file;
    uint64_t end; /* of what is sent of it */
};

int files_new(weft_files **out, weft_loop *l, size_t skip, uint16_t limits, const char *dir)
{
    int root = disk_open_root(loop_sys(l), dir);
    if (root < 0) return root;
    weft_files *f = mem_alloc(weft_loop_env(l), sizeof *f);
    if (!f) {
        close(root);
        return -ENOMEM;
    }
    *f = (weft_files){l, skip, root, limits};
    *out = f;
    return 0;
}

void files_free(void *files)
{
    weft_files *f = files;
    if (!f) return;
    close(f->root);
    mem_free(weft_loop_env(f->loop), f);
}

void weft_files_close(weft_files *f)
{
    files_free(f);
}

/* ---- answers without a body from disk -------------------------------------------------------- */

static void answer(weft_request *r, int status, const char *text)
{
    (void)weft_respond(r, status, "text/plain; charset=utf-8", text, strlen(text));
}

static void refuse(weft_request *r, int status)
{
    if (r->exchange) site_refused(lane_site(r->exchange->lane), status);
    switch (status) {
    case 400: answer(r, 400, "this path is not in form\n"); break;
    case 405: answer(r, 405, "files are read with GET or HEAD\n"); break;
    case 414: answer(r, 414, "this path is too long\n"); break;
    case 503: answer(r, 503, "no more files can be opened just now\n"); break;
    default: answer(r, 404, "there is no such file\n"); break;
    }
}

static int status_for(int error)
{
    bool scarce = error == -EMFILE || error == -ENFILE || error == -ENOMEM;
    return scarce ? 503 : 404;
}

/* A directory is named with a slash at the end; its links are relative to that. */
static void redirect(weft_request *r)
{
    struct buf to;
    weft_bytes path = r->head.path, query = r->head.query;
    buf_init(&to, weft_loop_env(r->loop), 2 * PATH_SIZE);
    while (path.len > 1 && path.data[1] == '/')
        path = bytes_from(path, 1); /* "//host" is another place */
    buf_append(&to, r->head.base.data, r->head.base.len);
    buf_append(&to, path.data, path.len);
    buf_text(&to, "/");
    if (query.len) buf_text(&to, "?");
    buf_append(&to, query.data, query.len);
    buf_append(&to, "", 1);
    if (to.failed || weft_reply_field(r, "Location", (char *)to.data) < 0) refuse(r, 404);
    else answer(r, 301, "a directory's path ends in a slash\n");
    buf_deinit(&to);
}

/* ---- the file -------------------------------------------------------------------------------- */

/* Of the file; of an answer to HEAD, nothing. */
static uint64_t left_of(const struct transfer *t)
{
    return t->reply->framing.is_head ? 0 : t->reply->framing.left;
}

static int send_part(struct transfer *t)
{
    weft_loop *loop = weft_reply_loop(t->reply);
    uint64_t left = left_of(t);
    struct blob *b = blob_new(weft_loop_env(loop), left < PART ? (size_t)left : PART);
    if (!b) return -ENOMEM;
    ssize_t n = disk_read(loop_sys(loop), &t->file, b->data, b->cap, t->end - left);
    int error = n < 0 ? (int)n : n == 0 ? -EIO : 0; /* shorter than it was: it changed under us */
    if (!error) {
        b->len = (size_t)n;
        error = reply_queue_blob(t->reply, b);
    }
    blob_unref(b);
    return error;
}

static void pump(weft_reply *r)
{
    struct transfer *t = weft_reply_user(r);
    int error = 0;
    while (left_of(t) && !error && !weft_reply_backlogged(r)) error = send_part(t);
    if (error == WEFT_ERR_BACKLOG) return; /* on_drain follows */
    if (!error && !left_of(t)) error = weft_reply_end(r);
    if (error) weft_reply_abort(r);
}

static void on_close(weft_reply *r, int error, const char *cause)
{
    struct transfer *t = weft_reply_user(r);
    (void)error;
    (void)cause;
    disk_close(&t->file);
    mem_free(weft_loop_env(weft_reply_loop(r)), t);
}

static int add_fields(weft_request *r, const struct file_answer *a)
{
    int error = weft_reply_field(r, "ETag", a->etag);
    if (!error) error = weft_reply_field(r, "Last-Modified", a->modified);
    if (!error) error = weft_reply_field(r, "Accept-Ranges", "bytes");
    if (!error && a->range[0]) error = weft_reply_field(r, "Content-Range", a->range);
    if (!error) error = weft_reply_field(r, "X-Content-Type-Options", "nosniff");
    return error;
}

/* The head, and a body if there is one and it is wanted. A reply to HEAD is of the same length, and drops it. */
static int begin(weft_reply **out, weft_request *r, struct transfer *t, const struct file_answer *a,
                 const char *type)
{
    static const weft_reply_handler handler = {.on_drain = pump, .on_close = on_close};
    bool body = a->status == 200 || a->status == 206;
    t->end = a->first + a->length;
    return weft_reply_begin(out, r, a->status, body ? type : NULL, body ? a->length : 0, &handler,
                            t);
}

static void serve(weft_request *r, struct disk_file *file, const char *name)
{
    const weft_env *env = weft_loop_env(r->loop);
    struct file_info info = {file->size, file->mtime, file->mtime_ns, file->inode};
    struct file_answer a;
    weft_reply *reply;
    file_evaluate(&info, r->head.fields, r->head.n_fields, &a);
    struct transfer *t = mem_zalloc(env, sizeof *t);
    if (!t || add_fields(r, &a) < 0) {
        disk_close(file);
        mem_free(env, t);
        refuse(r, 503);
        return;
    }
    t->file = *file;
    if (begin(&reply, r, t, &a, file_type(name)) < 0) {
        disk_close(file);
        mem_free(env, t);
        return;
    }
    t->reply = reply;
    reply_repeats(reply);
    pump(reply);
}

/* 0: answered; else a status: there is no file that is called so, and nothing has been done. */
static int answer_with(const weft_files *f, weft_request *r, weft_bytes path)
{
    char name[PATH_SIZE];
    struct disk_file file;
    int status = file_path(path, name, sizeof name);
    if (status) return status;
    int error = disk_open(loop_sys(f->loop), f->root, name, &file);
    if (error) return status_for(error);
    if (r->exchange) r->exchange->limits = f->limits;
    if (file.is_directory) redirect(r);
    else serve(r, &file, name);
    return 0;
}

static bool is_read(weft_request *r)
{
    return weft_request_is(r, "GET") || weft_request_is(r, "HEAD");
}

void files_on_request(weft_request *r, void *files)
{
    const weft_files *f = files;
    if (!is_read(r)) {
        (void)weft_reply_field(r, "Allow", "GET, HEAD");
        refuse(r, 405);
        return;
    }
    int status = answer_with(f, r, bytes_from(r->head.path, f->skip));
    if (status) refuse(r, status);
}

int weft_files_respond(const weft_files *f, weft_request *r, weft_bytes path)
{
    if (!is_read(r)) return -EINVAL;
    int status = answer_with(f, r, path);
    if (status == 503) refuse(r, status);
    return status && status != 503 ? -ENOENT : 0;
}
