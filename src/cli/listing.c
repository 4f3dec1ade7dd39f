/* SPDX-License-Identifier: MIT
 *
 * cli/listing.c - what is shown of a directory that has no index.html: the names that can be asked for
 *
 *      path -> open_folder, a segment at a time -> names, sorted -> rows in web/files.html, or a line each
 *
 * The directory stays open, and is read for each request, in any thread: each opens it once more by its descriptor,
 * which the sandbox allows. What is not served as a file (names that begin with a dot, links) is neither listed nor
 * gone into.
 */
#include "cli/listing.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <weft/aux.h>

#include "cli/escape.h"
#include "cli/page.h"

enum { NAMES_MAX = 1000 };

/* ---- which directory ------------------------------------------------------------------------- */

/* Consumes fd. -1: there is none. */
static int go_into(int fd, const char *name)
{
    int next =
        *name == '.' ? -1 : openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    close(fd);
    return next;
}

/* path: decoded, "/" or "/a/b/"; it is taken apart. */
static int open_folder(int root, char *path)
{
    int fd = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    char *name = path + 1, *end;
    for (; fd >= 0 && (end = strchr(name, '/')); name = end + 1) {
        *end = '\0';
        fd = go_into(fd, name);
    }
    return fd;
}

/* An empty segment opens nothing. "" if it is no path of a directory. */
static void decode(weft_bytes path, char out[PATH_MAX])
{
    int len = path.data[path.len - 1] == '/' ? weft_percent_decode(path, out, PATH_MAX) : 0;
    if (len <= 0 || memchr(out, '\0', (size_t)len)) len = 0;
    out[len] = '\0';
}

/* ---- names ----------------------------------------------------------------------------------- */

struct entry {
    const char *name;
    bool folder;
    struct stat stat;
};

static bool is_shown(int dir, const char *name, struct entry *e)
{
    e->name = name;
    if (*name == '.' || fstatat(dir, name, &e->stat, AT_SYMLINK_NOFOLLOW) < 0) return false;
    e->folder = S_ISDIR(e->stat.st_mode);
    return e->folder || S_ISREG(e->stat.st_mode);
}

typedef void printer(FILE *to, const struct entry *e);

/* Those of one kind. */
static void print_each(FILE *to, int fd, struct dirent **names, int n, bool folders, printer *print)
{
    struct entry e;
    for (int i = 0; i < n; i++)
        if (is_shown(fd, names[i]->d_name, &e) && e.folder == folders) print(to, &e);
}

/* Folders first. Whether these are all. */
static bool print_all(FILE *to, int fd, printer *print)
{
    struct dirent **names;
    int n = scandirat(fd, ".", &names, NULL, alphasort);
    int most = n < NAMES_MAX ? n : NAMES_MAX;
    print_each(to, fd, names, most, true, print);
    print_each(to, fd, names, most, false, print);
    for (int i = 0; i < n; i++) free(names[i]);
    if (n >= 0) free(names);
    return most == n;
}

/* ---- for people ------------------------------------------------------------------------------ */

static void print_html(FILE *to, const char *text)
{
    for (; *text; text++) {
        if (strchr("<>&\"'", *text)) fprintf(to, "&#%d;", *text);
        else fputc(*text, to);
    }
}

static void print_percent(FILE *to, const char *name)
{
    char text[3 * NAME_MAX + 1];
    if (weft_percent_encode((weft_bytes){(const uint8_t *)name, strlen(name)}, text, sizeof text) >
        0)
        fputs(text, to);
}

/* "9 B", "12.3 KiB" */
static void print_size(FILE *to, uint64_t size)
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    size_t unit = 0;
    double n = (double)size / 1024;
    if (size < 1024) {
        fprintf(to, "%" PRIu64 " B", size);
        return;
    }
    for (; n >= 1023.95; n /= 1024) unit++;
    fprintf(to, "%.1f %s", n, units[unit]);
}

static void print_time(FILE *to, time_t at)
{
    struct tm tm;
    char text[32];
    if (gmtime_r(&at, &tm) && strftime(text, sizeof text, "%Y-%m-%d %H:%M", &tm)) fputs(text, to);
}

static void print_row(FILE *to, const struct entry *e)
{
    const char *slash = e->folder ? "/" : "";
    fprintf(to, "<tr%s><td><a href=\"./", e->folder ? " class=\"folder\"" : "");
    print_percent(to, e->name);
    fprintf(to, "%s\">", slash);
    print_html(to, e->name);
    fprintf(to, "%s</a></td><td>", slash);
    if (!e->folder) print_size(to, (uint64_t)e->stat.st_size);
    fputs("</td><td>", to);
    print_time(to, e->stat.st_mtime);
    fputs("</td></tr>\n", to);
}

static void print_rows(FILE *to, const char *path, int fd)
{
    if (path[1])
        fputs("<tr class=\"folder\"><td><a href=\"../\">../</a></td><td></td><td></td></tr>\n", to);
    if (!print_all(to, fd, print_row))
        fprintf(to, "<tr><td>and more than %d</td><td></td><td></td></tr>\n", NAMES_MAX);
}

/* What stands in the page up to a comment, and behind it. */
static weft_bytes print_up_to(FILE *to, weft_bytes html, const char *comment, weft_bytes base)
{
    const char *at = memmem(html.data, html.len, comment, strlen(comment));
    size_t len = at ? (size_t)(at - (const char *)html.data) : html.len;
    size_t skip = at ? strlen(comment) : 0;
    page_write(to, (weft_bytes){html.data, len}, base);
    return (weft_bytes){html.data + len + skip, html.len - len - skip};
}

static void print_page(FILE *to, const char *path, int fd, weft_bytes base)
{
    weft_bytes html = page_document("/files.html");
    for (int i = 0; i < 2; i++) {
        html = print_up_to(to, html, "<!--path-->", base);
        print_html(to, path);
    }
    html = print_up_to(to, html, "<!--files-->", base);
    print_rows(to, path, fd);
    page_write(to, html, base);
}

/* ---- for others ------------------------------------------------------------------------------ */

static void print_line(FILE *to, const struct entry *e)
{
    escape_terminal(to, (weft_bytes){(const uint8_t *)e->name, strlen(e->name)}, " ");
    fputs(e->folder ? "/\n" : "\n", to);
}

static void print_lines(FILE *to, int fd)
{
    if (!print_all(to, fd, print_line)) fprintf(to, "and more than %d\n", NAMES_MAX);
}

/* ---- answers --------------------------------------------------------------------------------- */

static void answer(weft_request *r, const char *path, int fd, bool page)
{
    char *body = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&body, &len);
    if (to && page) print_page(to, path, fd, weft_request_base_path(r));
    else if (to) print_lines(to, fd);
    bool done = to && fclose(to) == 0;
    page_fields(r, "no-cache");
    if (done)
        weft_respond(r, 200, page ? "text/html; charset=utf-8" : "text/plain; charset=utf-8", body,
                     len);
    else weft_respond(r, 503, "text/plain", "out of memory\n", 14);
    free(body);
}

bool listing_serve(const struct listing *l, weft_request *r, bool page)
{
    char path[PATH_MAX], parts[PATH_MAX];
    decode(weft_request_path(r), path);
    if (*path != '/') return false;
    strcpy(parts, path);
    int fd = open_folder(dirfd(l->dir), parts);
    if (fd < 0) return false;
    answer(r, path, fd, page);
    close(fd);
    return true;
}

int listing_open(struct listing *l, const char *dir)
{
    *l = (struct listing){.dir = opendir(dir)};
    return l->dir ? 0 : -errno;
}

void listing_close(struct listing *l)
{
    if (l->dir) closedir(l->dir);
    l->dir = NULL;
}
