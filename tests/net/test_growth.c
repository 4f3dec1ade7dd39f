/* SPDX-License-Identifier: MIT
 *
 * tests/net/test_growth.c - programs of the past and of the future, and that nothing of theirs is kept
 *
 * Each function that takes a struct of the user's is called with that struct as other versions have it. 0.1 is
 * the first, so of the past there is only what is too short.
 */
#include "raw.h"
#include "teller.h"

#include <weft/channel.h>
#include <weft/client.h>
#include <weft/handshake.h>
#include <weft/topic.h>

static struct world world;

static int begin(void **state)
{
    (void)state;
    world_begin(&world);
    world_serve(&world, NULL);
    world_listen(&world);
    return 0;
}

static int end(void **state)
{
    (void)state;
    world_end(&world);
    return 0;
}

/* ---- who takes what -------------------------------------------------------------------------- */

static int message_env(const void *p, size_t size)
{
    weft_message *m = NULL;
    int error = weft_message_new_sized(&m, p, size, WEFT_TEXT, "x", 1);
    weft_message_unref(m);
    return error;
}

static int pool_env(const void *p, size_t size)
{
    weft_session_pool *pool = NULL;
    int error = weft_session_pool_new_sized(&pool, p, size);
    weft_session_pool_free(pool);
    return error;
}

static int key_env(const void *p, size_t size)
{
    char key[WEFT_KEY_LEN + 1];
    return weft_handshake_key_sized(p, size, key);
}

static int profile_of(const weft_session_config *cfg, size_t cfg_size, size_t env_size,
                      size_t limits_size, size_t deflate_size)
{
    weft_session_profile *profile = NULL;
    int error = weft_session_profile_new_sized(&profile, cfg, cfg_size, env_size, limits_size,
                                               deflate_size);
    weft_session_profile_unref(profile);
    return error;
}

static int profile_config(const void *p, size_t size)
{
    return profile_of(p, size, 0, 0, 0);
}

static int profile_env(const void *p, size_t size)
{
    return profile_of(&(weft_session_config){.env = p}, sizeof(weft_session_config), size, 0, 0);
}

static int profile_limits(const void *p, size_t size)
{
    return profile_of(&(weft_session_config){.limits = p}, sizeof(weft_session_config), 0, size, 0);
}

static int profile_deflate(const void *p, size_t size)
{
    return profile_of(&(weft_session_config){.deflate = p}, sizeof(weft_session_config), 0, 0,
                      size);
}

#define FIELD(name, value)                          \
    {                                               \
        {(const uint8_t *)(name), strlen(name)},    \
        {                                           \
            (const uint8_t *)(value), strlen(value) \
        }                                           \
    }

static int check_limits(const void *p, size_t size)
{
    const weft_request_head head = {.method = {(const uint8_t *)"PUT", 3}, .version = 11};
    weft_handshake out;
    int status = weft_handshake_check_sized(&head, p, size, &out);
    assert_int_equal(out.status, status == 405 ? 405 : 0);
    return status;
}

static int parse_limits(const void *p, size_t size)
{
    char text[] = "GET";
    weft_span in = {(uint8_t *)text, 3};
    weft_request_head head;
    weft_handshake out;
    return weft_head_parse_sized(&in, p, size, NULL, 0, &head, &out);
}

static int response_limits(const void *p, size_t size)
{
    char text[] = "HTTP";
    weft_span in = {(uint8_t *)text, 4};
    weft_response_head head;
    return weft_response_parse_sized(&in, p, size, NULL, 0, &head);
}

static int choose_deflate(const void *p, size_t size)
{
    const weft_field fields[] = {FIELD("Sec-WebSocket-Extensions", "permessage-deflate")};
    const weft_request_head head = {.fields = fields, .n_fields = 1};
    weft_deflate_params agreed = {.on = true};
    char text[WEFT_DEFLATE_TEXT];
    int result = weft_deflate_choose_sized(&head, p, size, &agreed, text);
    assert_int_equal(agreed.on, result == 1);
    assert_int_equal(text[0] != 0, result == 1);
    return result;
}

static int offer_deflate(const void *p, size_t size)
{
    char text[WEFT_DEFLATE_TEXT];
    int error = weft_deflate_offer_sized(p, size, text);
    assert_int_equal(text[0] == 0, error != 0);
    return error;
}

static int verify_offered(const void *p, size_t size)
{
    weft_agreement a = {.key = "", .offered = p};
    return weft_handshake_verify_sized(NULL, 0, &a, size);
}

static int request_offered(const void *p, size_t size)
{
    char text[1024], key[WEFT_KEY_LEN + 1] = "dGhlIHNhbXBsZSBub25jZQ==";
    weft_agreement a = {.key = key, .offered = p};
    int n = weft_handshake_request_sized(text, sizeof text, "x", "/", &a, NULL, 0, size);
    return n > 0 ? 0 : n;
}

static int loop_of(const weft_loop_config *cfg, size_t cfg_size, size_t env_size)
{
    weft_loop *l = NULL;
    int error = weft_loop_new_sized(&l, cfg, cfg_size, env_size);
    weft_loop_free(l);
    return error;
}

static int loop_config(const void *p, size_t size)
{
    return loop_of(p, size, 0);
}

static int loop_env(const void *p, size_t size)
{
    return loop_of(&(weft_loop_config){.env = p}, sizeof(weft_loop_config), size);
}

static int server_of(const weft_server_config *cfg, size_t cfg_size, size_t limits_size)
{
    weft_server *s = NULL;
    int error = weft_server_new_sized(&s, world.loop, cfg, cfg_size, limits_size);
    weft_server_free(s);
    return error;
}

static int server_config(const void *p, size_t size)
{
    return server_of(p, size, 0);
}

static int server_limits_of(const void *p, size_t size)
{
    return server_of(&(weft_server_config){.limits = p}, sizeof(weft_server_config), size);
}

static int tls_of(const void *env, size_t env_size, const void *cfg, size_t cfg_size)
{
    char why[100] = "";
    weft_tls *tls = NULL;
    int error = weft_tls_new_sized(&tls, env, env_size, cfg, cfg_size, why, sizeof why);
    assert_int_equal(why[0] != 0, error != 0);
    weft_tls_unref(tls);
    return error;
}

static int tls_env(const void *p, size_t size)
{
    return tls_of(p, size, NULL, 0);
}

static int tls_config(const void *p, size_t size)
{
    return tls_of(&world.env, sizeof world.env, p, size);
}

static int tls_other_config(const void *p, size_t size)
{
    char why[100] = "";
    weft_tls *tls = NULL;
    assert_int_equal(weft_tls_new(&tls, &world.env, NULL, why, sizeof why), 0);
    int error = weft_tls_replace_sized(tls, p, size, why, sizeof why);
    weft_tls_unref(tls);
    return error;
}

static int listen_fd_options(const void *p, size_t size)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(listen(fd, 1), 0); /* at any port */
    int error = weft_server_listen_fd_sized(world.server, fd, p, size);
    if (error) close(fd);
    return error;
}

static int listen_options(const void *p, size_t size)
{
    return weft_server_listen_sized(world.server, "127.0.0.1:0", p, size);
}

static int route_handler(const void *p, size_t size)
{
    return weft_server_route_sized(world.server, "/", p, size, 0, 0, NULL);
}

static void ignore(weft_request *r, void *user)
{
    (void)user;
    weft_request_abort(r);
}

/* One that is all zero has nobody to tell. */
static int request_handler(const void *p, size_t size)
{
    return weft_server_on_request_sized(world.server, "/", p, size, 0, NULL);
}

static int request_limits(const void *p, size_t size)
{
    const weft_request_handler h = {.on_request = ignore, .limits = p};
    return weft_server_on_request_sized(world.server, "/", &h, sizeof h, size, NULL);
}

static int route_deflate(const void *p, size_t size)
{
    const weft_handler h = {.deflate = p};
    return weft_server_route_sized(world.server, "/", &h, sizeof h, 0, size, NULL);
}

static int route_limits(const void *p, size_t size)
{
    const weft_handler h = {.limits = p};
    return weft_server_route_sized(world.server, "/", &h, sizeof h, size, 0, NULL);
}

static int dial(const weft_client_config *cfg, size_t cfg_size, size_t dial_size,
                size_t limits_size, const weft_handler *h, size_t h_size, size_t deflate_size)
{
    weft_conn *c = NULL;
    int error = weft_connect_sized(&c, world.loop, world_url(&world, "/"), cfg, cfg_size, dial_size,
                                   limits_size, h, h_size, deflate_size, NULL);
    if (c) weft_abort(c);
    turn(&world, 0);
    return error;
}

static int client_config(const void *p, size_t size)
{
    return dial(p, size, 0, 0, NULL, 0, 0);
}

static int client_limits(const void *p, size_t size)
{
    const weft_dial way = {.limits = p};
    return dial(&(weft_client_config){.dial = &way}, sizeof(weft_client_config), sizeof way, size,
                NULL, 0, 0);
}

static int client_dial(const void *p, size_t size)
{
    return dial(&(weft_client_config){.dial = p}, sizeof(weft_client_config), size, 0, NULL, 0, 0);
}

static int client_own_deflate(const void *p, size_t size)
{
    return dial(&(weft_client_config){.deflate = p}, sizeof(weft_client_config), 0, 0, NULL, 0,
                size);
}

static int pipe_to(const weft_dial *way, size_t way_size, size_t limits_size,
                   const weft_pipe_handler *h, size_t h_size)
{
    weft_pipe *p = NULL;
    char url[160];
    snprintf(url, sizeof url, "tcp://%s", world.address);
    int error =
        weft_pipe_connect_sized(&p, world.loop, url, way, way_size, limits_size, h, h_size, NULL);
    if (p) weft_pipe_abort(p);
    turn(&world, 0);
    return error;
}

static int pipe_dial(const void *p, size_t size)
{
    return pipe_to(p, size, 0, NULL, 0);
}

static int pipe_limits(const void *p, size_t size)
{
    const weft_dial way = {.limits = p};
    return pipe_to(&way, sizeof way, size, NULL, 0);
}

static int pipe_handler(const void *p, size_t size)
{
    return pipe_to(NULL, 0, 0, p, size);
}

static int client_handler_limits(const void *p, size_t size)
{
    return dial(NULL, 0, 0, size, &(weft_handler){.limits = p}, sizeof(weft_handler), 0);
}

static int client_handler(const void *p, size_t size)
{
    return dial(NULL, 0, 0, 0, p, size, 0);
}

static int client_deflate(const void *p, size_t size)
{
    return dial(NULL, 0, 0, 0, &(weft_handler){.deflate = p}, sizeof(weft_handler), size);
}

static int hub_of(const weft_hub_config *cfg, size_t cfg_size, size_t settings_size)
{
    weft_hub *h = NULL;
    int error = weft_hub_new_sized(&h, world.loop, cfg, cfg_size, settings_size);
    weft_hub_free(h);
    return error;
}

static int hub_config(const void *p, size_t size)
{
    return hub_of(p, size, 0);
}

static int hub_settings(const void *p, size_t size)
{
    return hub_of(&(weft_hub_config){.settings = p}, sizeof(weft_hub_config), size);
}

static int channels_of(const weft_channels_config *cfg, size_t cfg_size, size_t hub_size,
                       size_t settings_size, size_t deflate_size)
{
    weft_channels *c = NULL;
    int error = weft_channels_new_sized(&c, world.loop, cfg, cfg_size, hub_size, settings_size,
                                        deflate_size);
    weft_channels_free(c);
    return error;
}

static int channels_config(const void *p, size_t size)
{
    return channels_of(p, size, 0, 0, 0);
}

static int channels_hub(const void *p, size_t size)
{
    return channels_of(&(weft_channels_config){.hub = p}, sizeof(weft_channels_config), size, 0, 0);
}

static int channels_settings(const void *p, size_t size)
{
    const weft_hub_config hub = {.settings = p};
    return channels_of(&(weft_channels_config){.hub = &hub}, sizeof(weft_channels_config),
                       sizeof hub, size, 0);
}

static int channels_deflate(const void *p, size_t size)
{
    return channels_of(&(weft_channels_config){.deflate = p}, sizeof(weft_channels_config), 0, 0,
                       size);
}

static int piece_env(const void *p, size_t size)
{
    weft_piece *piece = NULL;
    int error = weft_piece_new_sized(&piece, p, size, "x", 1);
    weft_piece_unref(piece);
    return error;
}

static int event_env(const void *p, size_t size)
{
    weft_piece *piece = NULL;
    int error = weft_sse_piece_sized(&piece, p, size, NULL, NULL, "x", 1);
    weft_piece_unref(piece);
    return error;
}

static weft_request *asked;

static void hold(weft_request *r, void *user)
{
    (void)user;
    asked = r;
}

/* Who is asked and cannot begin has answered all the same. */
static int reply_handler_of(int (*make)(weft_reply **reply, const void *p, size_t size),
                            const void *p, size_t size)
{
    weft_reply *reply;
    asked = NULL;
    assert_int_equal(world_requests(world.server, "/held", hold, NULL), 0);
    struct raw *r = raw_connect(&world);
    raw_say(r, "GET /held HTTP/1.1\r\nHost: x\r\n\r\n");
    turn_until(&world, asked);
    int error = make(&reply, p, size);
    if (!error) weft_reply_abort(reply);
    turn_until(&world, raw_ended(r));
    assert_int_equal(raw_heard(r, " 500 "), error != 0);
    raw_free(r);
    return error;
}

static int begin_reply(weft_reply **reply, const void *p, size_t size)
{
    return weft_reply_begin_sized(reply, asked, 200, NULL, 2, p, size, NULL);
}

static int begin_events(weft_reply **reply, const void *p, size_t size)
{
    return weft_sse_begin_sized(reply, asked, p, size, NULL);
}

static int reply_handler(const void *p, size_t size)
{
    return reply_handler_of(begin_reply, p, size);
}

static int events_handler(const void *p, size_t size)
{
    return reply_handler_of(begin_events, p, size);
}

static int request_watcher(const void *p, size_t size)
{
    asked = NULL;
    assert_int_equal(world_requests(world.server, "/held", hold, NULL), 0);
    struct raw *r = raw_connect(&world);
    raw_say(r, "GET /held HTTP/1.1\r\nHost: x\r\n\r\n");
    turn_until(&world, asked);
    int error = weft_request_watch_sized(asked, p, size, NULL);
    weft_request_abort(asked);
    turn_until(&world, raw_ended(r));
    raw_free(r);
    return error;
}

/* What each says of a struct that is all zero, and of none. */
static const struct taker {
    const char *name;
    int (*call)(const void *p, size_t size);
    size_t oldest;
    int zero, none;
    const char *told; /* the struct as the loop's log has it; NULL: there is no env to be told */
} takers[] = {
    {"weft_message_new", message_env, sizeof(weft_env), 0, 0, NULL},
    {"weft_session_pool_new", pool_env, sizeof(weft_env), 0, 0, NULL},
    {"weft_handshake_key", key_env, sizeof(weft_env), 0, 0, NULL},
    {"weft_session_profile_new", profile_config, sizeof(weft_session_config), 0, 0, NULL},
    {"weft_session_profile_new, env", profile_env, sizeof(weft_env), 0, 0, NULL},
    {"weft_session_profile_new, limits", profile_limits, sizeof(weft_limits), 0, 0, NULL},
    {"weft_session_profile_new, deflate", profile_deflate, sizeof(weft_deflate), 0, 0, NULL},
    {"weft_head_parse", parse_limits, sizeof(weft_limits), 0, 0, NULL},
    {"weft_response_parse", response_limits, sizeof(weft_limits), 0, 0, NULL},
    {"weft_handshake_check", check_limits, sizeof(weft_limits), 405, 405, NULL},
    {"weft_deflate_choose", choose_deflate, sizeof(weft_deflate), 1, 0, NULL},
    {"weft_deflate_offer", offer_deflate, sizeof(weft_deflate), 0, 0, NULL},
    {"weft_handshake_verify", verify_offered, sizeof(weft_deflate), WEFT_ERR_HANDSHAKE,
     WEFT_ERR_HANDSHAKE, NULL},
    {"weft_handshake_request", request_offered, sizeof(weft_deflate), 0, 0, NULL},
    {"weft_loop_new", loop_config, sizeof(weft_loop_config), 0, 0, NULL},
    {"weft_loop_new, env", loop_env, sizeof(weft_env), 0, 0, NULL},
    {"weft_server_new", server_config, sizeof(weft_server_config), 0, 0, "weft_server_config"},
    {"weft_server_new, limits", server_limits_of, sizeof(weft_limits), 0, 0, "weft_limits"},
    {"weft_server_listen", listen_options, sizeof(weft_listen_options), 0, 0,
     "weft_listen_options"},
    {"weft_server_listen_fd", listen_fd_options, sizeof(weft_listen_options), 0, 0,
     "weft_listen_options"},
    {"weft_tls_new, env", tls_env, sizeof(weft_env), 0, 0, NULL},
    {"weft_tls_new", tls_config, sizeof(weft_tls_config), 0, 0, "weft_tls_config"},
    {"weft_tls_replace", tls_other_config, sizeof(weft_tls_config), 0, 0, "weft_tls_config"},
    {"weft_server_route", route_handler, sizeof(weft_handler), 0, 0, "weft_handler"},
    {"weft_server_on_request", request_handler, sizeof(weft_request_handler), -EINVAL, -EINVAL,
     "weft_request_handler"},
    {"weft_server_on_request, limits", request_limits, sizeof(weft_limits), 0, 0, "weft_limits"},
    {"weft_server_route, limits", route_limits, sizeof(weft_limits), 0, 0, "weft_limits"},
    {"weft_server_route, deflate", route_deflate, sizeof(weft_deflate), 0, 0, "weft_deflate"},
    {"weft_connect", client_config, sizeof(weft_client_config), 0, 0, "weft_client_config"},
    {"weft_connect, dial", client_dial, sizeof(weft_dial), 0, 0, "weft_dial"},
    {"weft_connect, the config's deflate", client_own_deflate, sizeof(weft_deflate), 0, 0,
     "weft_deflate"},
    {"weft_connect, limits", client_limits, sizeof(weft_limits), 0, 0, "weft_limits"},
    {"weft_connect, handler", client_handler, sizeof(weft_handler), 0, 0, "weft_handler"},
    {"weft_connect, the handler's limits", client_handler_limits, sizeof(weft_limits), 0, 0,
     "weft_limits"},
    {"weft_connect, deflate", client_deflate, sizeof(weft_deflate), 0, 0, "weft_deflate"},
    {"weft_pipe_connect, dial", pipe_dial, sizeof(weft_dial), 0, 0, "weft_dial"},
    {"weft_pipe_connect, limits", pipe_limits, sizeof(weft_limits), 0, 0, "weft_limits"},
    {"weft_pipe_connect, handler", pipe_handler, sizeof(weft_pipe_handler), 0, 0,
     "weft_pipe_handler"},
    {"weft_piece_new", piece_env, sizeof(weft_env), 0, 0, NULL},
    {"weft_reply_begin", reply_handler, sizeof(weft_reply_handler), 0, 0, "weft_reply_handler"},
    {"weft_sse_begin", events_handler, sizeof(weft_reply_handler), 0, 0, "weft_reply_handler"},
    {"weft_request_watch", request_watcher, sizeof(weft_request_watcher), 0, 0,
     "weft_request_watcher"},
    {"weft_sse_piece", event_env, sizeof(weft_env), 0, 0, NULL},
    {"weft_hub_new", hub_config, sizeof(weft_hub_config), 0, 0, "weft_hub_config"},
    {"weft_hub_new, settings", hub_settings, sizeof(weft_topic_settings), 0, 0,
     "weft_topic_settings"},
    {"weft_channels_new", channels_config, sizeof(weft_channels_config), 0, 0,
     "weft_channels_config"},
    {"weft_channels_new, hub", channels_hub, sizeof(weft_hub_config), 0, 0, "weft_hub_config"},
    {"weft_channels_new, settings", channels_settings, sizeof(weft_topic_settings), 0, 0,
     "weft_topic_settings"},
    {"weft_channels_new, deflate", channels_deflate, sizeof(weft_deflate), 0, 0, "weft_deflate"},
};

static void expect(const struct taker *t, const void *p, size_t size, int wanted)
{
    int got = t->call(p, size);
    if (got != wanted)
        fail_msg("%s: %s for %zu bytes (0.1: %zu), wanted %s", t->name, weft_errname(got), size,
                 t->oldest, weft_errname(wanted));
}

/* A size that is not taken is logged. */
static void refuse(const struct taker *t, const void *p, size_t size, const char *why)
{
    world.said[0] = 0;
    expect(t, p, size, -EINVAL);
    if (!t->told) assert_string_equal(world.said, "");
    else if (strncmp(world.said, t->told, strlen(t->told)) != 0 || !strstr(world.said, why))
        fail_msg("%s: %s", t->name, world.said);
}

static void test_of_the_past(void **state)
{
    (void)state;
    const void *nowhere = (const void *)8;
    for (const struct taker *t = takers; t < takers + countof(takers); t++) {
        for (size_t size = 0; size < t->oldest; size++) refuse(t, nowhere, size, " cannot have ");
        expect(t, NULL, 0, t->none);
    }
}

static void test_of_now(void **state)
{
    (void)state;
    static const uint8_t zero[WEFT_SIZED_MAX];
    for (const struct taker *t = takers; t < takers + countof(takers); t++) {
        uint8_t *exact = calloc(1, t->oldest);
        expect(t, exact, t->oldest, t->zero);
        expect(t, zero, t->oldest, t->zero);
        free(exact);
    }
}

static void test_of_the_future(void **state)
{
    (void)state;
    static const uint8_t zero[WEFT_SIZED_MAX];
    static const size_t more[] = {1, 8, 100};
    for (const struct taker *t = takers; t < takers + countof(takers); t++) {
        for (size_t i = 0; i < countof(more); i++) expect(t, zero, t->oldest + more[i], t->zero);
        expect(t, zero, WEFT_SIZED_MAX, t->zero);
        refuse(t, (const void *)8, WEFT_SIZED_MAX + 1, "no version has more than 4096");
        refuse(t, (const void *)8, SIZE_MAX, "no version has more than 4096");
    }
}

static void test_of_the_future_and_it_matters(void **state)
{
    (void)state;
    static uint8_t bytes[WEFT_SIZED_MAX];
    for (const struct taker *t = takers; t < takers + countof(takers); t++) {
        for (size_t at = t->oldest; at < t->oldest + 16; at++) {
            bytes[at] = 1;
            refuse(t, bytes, t->oldest + 16, " is longer than this library knows (");
            expect(t, bytes, at, t->zero);
            bytes[at] = 0;
        }
        bytes[WEFT_SIZED_MAX - 1] = 1;
        expect(t, bytes, WEFT_SIZED_MAX, -EINVAL);
        bytes[WEFT_SIZED_MAX - 1] = 0;
    }
}

/* ---- what does not grow: docs/abi.md ---------------------------------------------------------- */

#define FROZEN(type, bytes) \
    _Static_assert(sizeof(void *) != 8 || sizeof(type) == (bytes), "other programs have it")

FROZEN(weft_bytes, 16);
FROZEN(weft_span, 16);
FROZEN(weft_field, 32);
FROZEN(weft_request_head, 56);
FROZEN(weft_handshake, 48);
FROZEN(weft_response_head, 48);
FROZEN(weft_agreement, 48);
FROZEN(weft_deflate_params, 5);
FROZEN(weft_event, 32);
FROZEN(weft_chunk, 24);
FROZEN(weft_body, 72);
FROZEN(weft_errand, 32);
FROZEN(weft_link, 24);
FROZEN(weft_link_type, 16);
FROZEN(weft_tls_pair, 16);
FROZEN(weft_position, 32);
FROZEN(weft_since, 16);
FROZEN(weft_seek, 72);
FROZEN(weft_turn, 64);
FROZEN(weft_reader, 40);
FROZEN(weft_reader_type, 80);

/* ---- what they set is heeded ----------------------------------------------------------------- */

/* As a header of the future has it. */
struct future_handler {
    weft_handler known;
    void (*on_something)(weft_conn *c);
    uint64_t more;
};

static void echo(weft_conn *c, weft_opcode op, const void *data, size_t len)
{
    assert_int_equal(weft_send(c, op, data, len), 0);
}

static void test_a_handler_of_the_future_works(void **state)
{
    (void)state;
    const struct future_handler h = {.known = {.on_message = echo}};
    assert_int_equal(weft_server_route_sized(world.server, "/", &h.known, sizeof h,
                                             sizeof(weft_limits), sizeof(weft_deflate), NULL),
                     0);
    struct raw *r = raw_open(&world, "/");
    raw_text(r, "hello");
    turn_until(&world, raw_heard(r, "hello"));
    raw_free(r);
}

/* ---- nothing is kept ------------------------------------------------------------------------- */

/* A copy that is gone, and was overwritten, when the call has returned. */
static void *lend(const void *from, size_t size)
{
    void *p = malloc(size);
    assert_non_null(p);
    return memcpy(p, from, size);
}

static void take_back(void *p, size_t size)
{
    memset(p, 0x55, size);
    free(p);
}

struct lent {
    weft_handler *handler;
    weft_deflate *deflate;
    weft_limits *limits;
    const char **subprotocols;
    char *name;
};

static struct lent lend_handler(const weft_handler *from)
{
    static const weft_deflate deflate = {.threshold = 1};
    static const weft_limits limits = {.max_fragments = 7};
    struct lent l = {lend(from, sizeof *from), lend(&deflate, sizeof deflate),
                     lend(&limits, sizeof limits), malloc(2 * sizeof(char *)), lend("chat", 5)};
    l.subprotocols[0] = l.name;
    l.subprotocols[1] = NULL;
    l.handler->subprotocols = l.subprotocols;
    l.handler->deflate = l.deflate;
    l.handler->limits = l.limits;
    return l;
}

static void take_handler_back(struct lent *l)
{
    take_back(l->handler, sizeof *l->handler);
    take_back(l->deflate, sizeof *l->deflate);
    take_back(l->limits, sizeof *l->limits);
    take_back(l->subprotocols, 2 * sizeof(char *));
    take_back(l->name, 5);
}

static void new_server(struct teller *t)
{
    const weft_limits limits = {.max_message = 1000};
    const char *const origins[] = {"https://example.org", NULL};
    weft_limits *lent_limits = lend(&limits, sizeof limits);
    const char **lent_origins = lend(origins, sizeof origins);
    weft_server_config *cfg =
        lend(&(weft_server_config){.limits = lent_limits, .origins = lent_origins}, sizeof *cfg);
    struct lent h = lend_handler(&telling);
    world_serve(&world, cfg);
    assert_int_equal(weft_server_route(world.server, "/", h.handler, t), 0);
    take_back(cfg, sizeof *cfg);
    take_back(lent_limits, sizeof limits);
    take_back(lent_origins, sizeof origins);
    take_handler_back(&h);
    world_listen(&world);
}

static void new_client(struct teller *t)
{
    weft_limits *limits = lend(&(weft_limits){.max_message = 500}, sizeof *limits);
    char *origin = lend("https://example.org", 20);
    weft_dial *way = lend(&(weft_dial){.limits = limits}, sizeof *way);
    weft_client_config *cfg =
        lend(&(weft_client_config){.dial = way, .origin = origin}, sizeof *cfg);
    struct lent h = lend_handler(&telling);
    assert_int_equal(weft_connect(NULL, world.loop, world_url(&world, "/"), cfg, h.handler, t), 0);
    take_back(cfg, sizeof *cfg);
    take_back(way, sizeof *way);
    take_back(limits, sizeof *limits);
    take_back(origin, 20);
    take_handler_back(&h);
}

static void test_nothing_is_kept(void **state)
{
    (void)state;
    static struct teller server, client;
    static char long_text[600];
    weft_server_free(world.server);
    new_server(&server);
    new_client(&client);
    turn_until(&world, client.conn && server.conn);
    assert_string_equal(weft_conn_subprotocol(server.conn), "chat");
    assert_string_equal(weft_conn_subprotocol(client.conn), "chat");
    assert_true(weft_conn_deflate(client.conn)->on);
    assert_int_equal(weft_send(server.conn, WEFT_TEXT, "hello, hello, hello", 19), 0);
    turn_until(&world, told(&client.story, "text hello, hello, hello;"));
    assert_int_equal(weft_send(server.conn, WEFT_BINARY, long_text, sizeof long_text), 0);
    turn_until(&world, client.closes && server.closes);
    assert_true(told(&client.story, "WEFT_ERR_TOO_BIG"));
}

/* A message's bytes may be queued when it and its env are gone. */
static void test_no_env_is_kept(void **state)
{
    (void)state;
    static struct teller server;
    assert_int_equal(weft_server_route(world.server, "/", &telling, &server), 0);
    struct raw *r = raw_open(&world, "/");
    weft_env *env = lend(&world.env, sizeof *env);
    weft_message *m;
    assert_int_equal(weft_message_new(&m, env, WEFT_TEXT, "hello", 5), 0);
    take_back(env, sizeof *env);
    assert_int_equal(weft_send_message(server.conn, m), 0);
    weft_message_unref(m);
    turn_until(&world, raw_heard(r, "hello"));
    raw_free(r);
}

static void test_a_profile_keeps_nothing_but_its_pool(void **state)
{
    (void)state;
    weft_env *env = lend(&world.env, sizeof *env);
    weft_limits *limits = lend(&(weft_limits){.send_queue_items = 1}, sizeof *limits);
    weft_session_config cfg = {.env = env, .limits = limits};
    weft_session_profile *profile;
    weft_session *s;
    assert_int_equal(weft_session_pool_new(&cfg.pool, env), 0);
    assert_int_equal(weft_session_profile_new(&profile, &cfg), 0);
    take_back(env, sizeof *env);
    take_back(limits, sizeof *limits);
    assert_int_equal(weft_session_new(&s, WEFT_SERVER, profile), 0);
    weft_session_profile_unref(weft_session_profile_ref(profile));
    weft_session_profile_unref(profile);
    assert_int_equal(weft_session_send(s, WEFT_TEXT, "1", 1), 0);
    assert_int_equal(weft_session_send(s, WEFT_TEXT, "2", 1), 0);
    assert_int_equal(weft_session_send(s, WEFT_TEXT, "3", 1), WEFT_ERR_BACKLOG);
    weft_session_free(s);
    weft_session_pool_free(cfg.pool);
}

static void test_the_loop_has_a_copy_of_the_env(void **state)
{
    (void)state;
    weft_env *env = lend(&world.env, sizeof *env);
    weft_loop *l;
    assert_int_equal(weft_loop_new(&l, &(weft_loop_config){.env = env}), 0);
    assert_ptr_not_equal(weft_loop_env(l), env);
    assert_memory_equal(weft_loop_env(l), env, sizeof *env);
    take_back(env, sizeof *env);
    assert_int_equal(weft_loop_turn(l, 0), 0);
    weft_loop_free(l);
    assert_int_equal(weft_loop_new(&l, NULL), 0);
    assert_null(weft_loop_env(l));
    weft_loop_free(l);
}

#define unit(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(test_of_the_past),
        unit(test_of_now),
        unit(test_of_the_future),
        unit(test_of_the_future_and_it_matters),
        unit(test_a_handler_of_the_future_works),
        unit(test_nothing_is_kept),
        unit(test_no_env_is_kept),
        unit(test_a_profile_keeps_nothing_but_its_pool),
        unit(test_the_loop_has_a_copy_of_the_env),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
