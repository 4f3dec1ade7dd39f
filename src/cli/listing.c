/* SPDX-License-Identifier: MIT
 *
 * cli/listing.c - what / shows of a directory that has no index.html: the names that can be asked for
 *
 * The directory stays open, and is read for each request, in any thread: each opens it once more by its descriptor,
 * which the sandbox allows. What weft_server_files would not serve (names that begin with a dot, links) is not listed.
 */
#include "cli/listing.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <weft/aux.h>

enum { NAMES_MAX = 1000 };

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

static bool is_shown(int dir, const char *name, bool *folder)
{
    struct stat s;
    if (*name == '.' || fstatat(dir, name, &s, AT_SYMLINK_NOFOLLOW) < 0) return false;
    *folder = S_ISDIR(s.st_mode);
    return *folder || S_ISREG(s.st_mode);
}

static void print_name(FILE *to, const char *name, bool folder)
{
    fputs("<li><a href=\"./", to);
    print_percent(to, name);
    fputs(folder ? "/\">" : "\">", to);
    print_html(to, name);
    fputs(folder ? "/</a></li>\n" : "</a></li>\n", to);
}

static void print_names(FILE *to, int fd)
{
    struct dirent **names;
    int n = scandirat(fd, ".", &names, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        bool folder;
        if (i < NAMES_MAX && is_shown(fd, names[i]->d_name, &folder))
            print_name(to, names[i]->d_name, folder);
        free(names[i]);
    }
    if (n >= 0) free(names);
    if (n > NAMES_MAX) fputs("<li>and more</li>\n", to);
}

static void print_page(FILE *to, int fd)
{
    fputs(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>files</title></head><body>\n"
        "<p>There is no index.html here. Every path is a WebSocket channel; these are files:</p>\n<ul>\n",
        to);
    print_names(to, fd);
    fputs("</ul>\n</body></html>\n", to);
}

void listing_serve(const struct listing *l, weft_request *r)
{
    char *page = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&page, &len);
    if (to) print_page(to, dirfd(l->dir));
    bool done = to && fclose(to) == 0;
    weft_reply_field(r, "Cache-Control", "no-cache");
    weft_reply_field(r, "Content-Security-Policy", "default-src 'none'");
    if (done) weft_respond(r, 200, "text/html; charset=utf-8", page, len);
    else weft_respond(r, 503, "text/plain", "out of memory\n", 14);
    free(page);
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
