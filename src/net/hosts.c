/* SPDX-License-Identifier: MIT
 *
 * net/hosts.c - names compared
 */
#include "net/hosts.h"

#include <arpa/inet.h>

#include "base/bytes.h"
#include "base/log.h"
#include "http/url.h"

static bool is_bracketed(weft_bytes host)
{
    return host.len && host.data[0] == '[';
}

/* Without a port, and without the dot that ends a name. */
static weft_bytes bare(weft_bytes host)
{
    weft_bytes rest = host;
    weft_bytes name = bytes_cut(&rest, is_bracketed(host) ? ']' : ':');
    if (is_bracketed(host)) name.len++;
    if (name.len > 1 && name.data[name.len - 1] == '.') name.len--;
    return name;
}

static bool is_ip(weft_bytes host)
{
    char text[INET_ADDRSTRLEN];
    struct in_addr ignored;
    if (is_bracketed(host)) return true;
    if (host.len >= sizeof text) return false;
    copy(text, host.data, host.len);
    text[host.len] = 0;
    return inet_pton(AF_INET, text, &ignored) == 1;
}

static bool is_below(weft_bytes host, weft_bytes name)
{
    if (host.len < name.len + 2 || host.data[host.len - name.len - 1] != '.') return false;
    return bytes_equal_nocase(bytes_from(host, host.len - name.len), name);
}

/* "*." is what a pattern may begin with. */
static bool cut_star(weft_bytes *pattern)
{
    if (pattern->len < 2 || memcmp(pattern->data, "*.", 2) != 0) return false;
    *pattern = bytes_from(*pattern, 2);
    return true;
}

static bool matches(const char *text, weft_bytes host)
{
    weft_bytes pattern = bytes_of(text);
    if (bytes_is_nocase(pattern, "ip")) return is_ip(host);
    if (bytes_is_nocase(pattern, "none")) return host.len == 0;
    if (bytes_is_nocase(pattern, "unix")) return false;
    if (cut_star(&pattern)) return is_below(host, bare(pattern));
    if (bytes_is_nocase(pattern, "localhost") && is_below(host, pattern)) return true;
    return bytes_equal_nocase(host, bare(pattern));
}

bool hosts_say(const char *const *hosts, const char *word)
{
    for (; hosts && *hosts; hosts++)
        if (bytes_is_nocase(bytes_of(*hosts), word)) return true;
    return false;
}

bool hosts_have(const char *const *hosts, weft_bytes host)
{
    weft_bytes name = bare(host);
    if (!hosts) return true;
    for (; *hosts; hosts++)
        if (matches(*hosts, name)) return true;
    return false;
}

/* ---- checked --------------------------------------------------------------------------------- */

static bool has_port(weft_bytes host)
{
    if (is_bracketed(host)) return host.data[host.len - 1] != ']';
    return memchr(host.data, ':', host.len) != NULL;
}

static int wrong(const weft_env *env, const char *text)
{
    weft_bytes host = bytes_of(text);
    bool below = cut_star(&host);
    bool valid = url_host_valid(host) && !memchr(host.data, '*', host.len);
    weft_bytes name = bare(host);
    if (!valid || !has_port(host))
        return log_wrong(env,
                         "weft_server_config.hosts: \"%.80s\" is no host: say \"example.org\", "
                         "\"*.example.org\", \"localhost\", \"ip\", \"none\" or \"unix\"",
                         text);
    return log_wrong(env,
                     "weft_server_config.hosts: \"%.80s\" has a port, which plays no part: say "
                     "\"%s%.*s\"",
                     text, below ? "*." : "", (int)(name.len < 80 ? name.len : 80),
                     (const char *)name.data);
}

/* A host without a port, and a star at most in front. */
static bool is_pattern(const char *text)
{
    weft_bytes host = bytes_of(text);
    bool below = cut_star(&host);
    if (!url_host_valid(host) || memchr(host.data, '*', host.len) || has_port(host)) return false;
    return is_bracketed(host) ? !below : host.data[0] != '.';
}

int hosts_check(const weft_env *env, const char *const *hosts)
{
    for (; hosts && *hosts; hosts++)
        if (!is_pattern(*hosts)) return wrong(env, *hosts);
    return 0;
}
