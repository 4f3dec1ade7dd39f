/* SPDX-License-Identifier: MIT
 *
 * A program of a later weft, whose structs have one field more, on today's library (growth): what it does not use is
 * no matter, what it does use is refused, and the log says which struct it was.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <weft/weft.h>

static char said[256];
static int failed;

static void remember(void *ctx, int level, const char *line)
{
    (void)ctx, (void)level;
    snprintf(said, sizeof said, "%s", line);
}

static void answer(weft_request *r, void *user)
{
    (void)user;
    weft_respond(r, 200, NULL, NULL, 0);
}

static void expect(const char *name, uint64_t later, int result)
{
    int wanted = later ? -EINVAL : 0;
    bool named = !later || strstr(said, name);
    if (result != wanted || !named) {
        printf("%s with later %d: %d (%s)\n", name, (int)later, result, said);
        failed = 1;
    }
    said[0] = '\0';
}

static void try_server(weft_loop *l, uint64_t later)
{
    const weft_limits limits = {.later = later};
    const weft_server_config by_limits = {.limits = &limits}, cfg = {.later = later};
    const weft_handler handler = {.later = later};
    const weft_request_handler request = {.on_request = answer, .later = later};
    const weft_listen_options listen = {.later = later};
    weft_server *s = NULL, *none = NULL;
    expect("weft_server_config", later, weft_server_new(&none, l, &cfg));
    weft_server_free(none);
    none = NULL;
    expect("weft_limits", later, weft_server_new(&none, l, &by_limits));
    weft_server_free(none);
    if (weft_server_new(&s, l, NULL) < 0) return;
    expect("weft_handler", later, weft_server_route(s, "/socket", &handler, NULL));
    expect("weft_request_handler", later, weft_server_on_request(s, "/page", &request, NULL));
    expect("weft_listen_options", later, weft_server_listen(s, "127.0.0.1:0", &listen));
    weft_server_free(s);
}

static void try_client(weft_loop *l, uint64_t later)
{
    const weft_dial dial = {.later = later};
    const weft_client_config by_dial = {.dial = &dial}, cfg = {.later = later};
    const weft_pipe_handler pipe = {.later = later};
    expect("weft_client_config", later,
           weft_connect(NULL, l, "ws://127.0.0.1:1/", &cfg, NULL, NULL));
    expect("weft_dial", later, weft_connect(NULL, l, "ws://127.0.0.1:1/", &by_dial, NULL, NULL));
    expect("weft_pipe_handler", later,
           weft_pipe_connect(NULL, l, "tcp://127.0.0.1:1", NULL, &pipe, NULL));
}

static void try_channels(weft_loop *l, uint64_t later)
{
    const weft_hub_config hub = {.later = later};
    const weft_channels_config by_hub = {.hub = &hub}, cfg = {.later = later};
    weft_channels *c = NULL;
    expect("weft_channels_config", later, weft_channels_new(&c, l, &cfg));
    weft_channels_free(c);
    c = NULL;
    expect("weft_hub_config", later, weft_channels_new(&c, l, &by_hub));
    weft_channels_free(c);
}

static void try_others(const weft_env *env, weft_loop *l, uint64_t later)
{
    const weft_loop_config loop = {.env = env, .later = later};
    const weft_session_config session = {.env = env, .later = later};
    const weft_topic_settings topic = {.later = later};
    const weft_hub_config by_topic = {.settings = &topic}, hub = {.later = later};
    weft_loop *l2 = NULL;
    weft_session_profile *p = NULL;
    weft_hub *h = NULL;
    expect("weft_loop_config", later, weft_loop_new(&l2, &loop));
    weft_loop_free(l2);
    expect("weft_session_config", later, weft_session_profile_new(&p, &session));
    weft_session_profile_unref(p);
    expect("weft_hub_config", later, weft_hub_new(&h, l, &hub));
    weft_hub_free(h);
    expect("weft_topic_settings", later, weft_hub_new(&h, l, &by_topic));
    weft_hub_free(h);
}

int main(void)
{
    const weft_env env = {.log = remember};
    const weft_loop_config cfg = {.env = &env};
    for (uint64_t later = 0; later < 2; later++) {
        weft_loop *l;
        if (weft_loop_new(&l, &cfg) < 0) return 1;
        try_server(l, later);
        try_client(l, later);
        try_others(&env, l, later);
        try_channels(l, later);
        weft_loop_free(l);
    }
    return failed;
}
