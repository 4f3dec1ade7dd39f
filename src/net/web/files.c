/* SPDX-License-Identifier: MIT
 *
 * net/web/files.c - static files: http/file.c decides, io/disk.c opens and reads, the reply streams
 *
 *      path -> file_path -> disk_open -> file_evaluate -> reply_begin -> PIECE by PIECE -> reply_end
 *
 * The next pieces are read when the client has taken the last ones (on_drain), so a large file costs no
 * more memory than the send queue's soft limit.
 */
#include "net/web/files.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/limits.h"
#include "http/file.h"
#include "io/disk.h"
#include "io/loop.h"
#include "net/server/server.h"
#include "net/web/request.h"

enum { PIECE = 65536, PATH_SIZE = 4096 };

struct files {
    weft_loop *loop;
    size_t skip; /* of a request's path, so that it begins with the slash */
    int root;
};

struct transfer {
    weft_request *request;
    struct disk_file file;
    uint64_t offset, left;
};

int files_new(struct files **out, weft_loop *l, size_t route_len, const char *dir)
{
    int root = disk_open_root(loop_sys(l), dir);
    if (root < 0) return root;
    struct files *f = mem_alloc(weft_loop_env(l), sizeof *f);
    if (!f) {
        close(root);
        return -ENOMEM;
    }
    *f = (struct files){l, route_len - 1, root};
    *out = f;
    return 0;
}

void files_free(void *files)
{
    struct files *f = files;
    close(f->root);
    mem_free(weft_loop_env(f->loop), f);
}

/* ---- answers without a body from disk -------------------------------------------------------- */

static void answer(weft_request *r, int status, const char *text)
{
    (void)weft_reply(r, status, "text/plain; charset=utf-8", text, strlen(text));
}

static void refuse(weft_request *r, int status)
{
    server_refused(wire_server(r->wire), status);
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

static void end(struct transfer *t)
{
    disk_close(&t->file);
    mem_free(weft_loop_env(t->request->loop), t);
}

static int send_piece(struct transfer *t)
{
    const weft_env *env = weft_loop_env(t->request->loop);
    struct blob *b = blob_new(env, t->left < PIECE ? (size_t)t->left : PIECE);
    if (!b) return -ENOMEM;
    ssize_t n = disk_read(loop_sys(t->request->loop), &t->file, b->data, b->cap, t->offset);
    int error = n < 0 ? (int)n : n == 0 ? -EIO : 0; /* shorter than it was: it changed under us */
    if (!error) {
        b->len = (size_t)n;
        error = request_share(t->request, b);
        t->offset += b->len;
        t->left -= b->len;
    }
    blob_unref(b);
    return error;
}

static void pump(struct transfer *t)
{
    weft_request *r = t->request;
    uint64_t soft = limit_send_queue_soft(wire_limits(r->wire));
    int error = 0;
    while (t->left && !error && weft_reply_buffered(r) <= soft) error = send_piece(t);
    if (!error && t->left) return;
    end(t);
    if (error) weft_reply_abort(r);
    else (void)weft_reply_end(r);
}

static void on_drain(weft_request *r, void *user)
{
    (void)r;
    pump(user);
}

static void on_gone(weft_request *r, void *user)
{
    end(user);
    (void)weft_reply_end(r);
}

static int begin(weft_request *r, const struct file_answer *a, const char *type)
{
    int error = weft_reply_field(r, "ETag", a->etag);
    if (!error) error = weft_reply_field(r, "Last-Modified", a->modified);
    if (!error) error = weft_reply_field(r, "Accept-Ranges", "bytes");
    if (!error && a->range[0]) error = weft_reply_field(r, "Content-Range", a->range);
    if (!error) error = weft_reply_field(r, "X-Content-Type-Options", "nosniff");
    bool body = a->status == 200 || a->status == 206;
    if (!error) error = weft_reply_begin(r, a->status, body ? type : NULL, body ? a->length : 0);
    return error;
}

static void transfer(weft_request *r, struct disk_file *file, const struct file_answer *a)
{
    struct transfer *t = mem_alloc(weft_loop_env(r->loop), sizeof *t);
    if (!t) {
        disk_close(file);
        weft_reply_abort(r);
        return;
    }
    *t = (struct transfer){r, *file, a->first, a->length};
    weft_request_watch(r, on_drain, on_gone, t);
    pump(t);
}

static void serve(weft_request *r, struct disk_file *file, const char *name)
{
    struct file_info info = {file->size, file->mtime, file->mtime_ns, file->inode};
    struct file_answer a;
    file_evaluate(&info, r->head.fields, r->head.n_fields, &a);
    if (begin(r, &a, file_type(name)) < 0) {
        disk_close(file);
        weft_reply_abort(r);
        return;
    }
    bool body = a.status == 200 || a.status == 206;
    if (body && a.length && weft_request_is(r, "GET")) {
        transfer(r, file, &a);
        return;
    }
    disk_close(file);
    (void)weft_reply_end(r);
}

void files_on_request(weft_request *r, void *files)
{
    const struct files *f = files;
    char name[PATH_SIZE];
    struct disk_file file;
    if (!weft_request_is(r, "GET") && !weft_request_is(r, "HEAD")) {
        (void)weft_reply_field(r, "Allow", "GET, HEAD");
        refuse(r, 405);
        return;
    }
    int status = file_path(bytes_from(r->head.path, f->skip), name, sizeof name);
    if (status) {
        refuse(r, status);
        return;
    }
    int error = disk_open(loop_sys(f->loop), f->root, name, &file);
    if (error) refuse(r, status_for(error));
    else if (file.is_directory) redirect(r);
    else serve(r, &file, name);
}
