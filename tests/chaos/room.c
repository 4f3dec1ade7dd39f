/* SPDX-License-Identifier: MIT
 *
 * tests/chaos/room.c - channels in a program that publishes, too: from its loop and from a thread
 *
 *      room PORT THREADS HISTORY WINDOW   prints its port; HISTORY messages, WINDOW bytes of each channel; 0: as usual
 *
 *      loop /chat TEXT                    on its stdin: published by the first loop,
 *      thread /chat TEXT                  by a thread that is none's; both wait for their turn if need be
 *      k3f9a2c1.42 TEXT                   on its stdout: it is in the channel
 *
 * The end of its stdin ends it: it leaves gracefully.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <pthread.h>
#include <weft/weft.h>

struct room {
    weft_loop *loop;
    weft_server *server;
    weft_channels *channels;
    pthread_t reader;
};

/* A message on its way. */
struct said {
    struct room *room;
    weft_topic *topic;
    weft_turn turn;
    char text[];
};

static void must(int error, const char *what)
{
    if (error >= 0) return;
    fprintf(stderr, "room: %s: %s\n", what, weft_strerror(error));
    exit(1);
}

/* ---- to publish ------------------------------------------------------------------------------ */

static int publish(const struct said *s)
{
    weft_message *m;
    weft_position at;
    char position[WEFT_POSITION_TEXT];
    must(weft_message_new(&m, NULL, WEFT_TEXT, s->text, strlen(s->text)), "message");
    int error = weft_topic_publish(s->topic, m, (weft_bytes){NULL, 0}, &at);
    weft_message_unref(m);
    if (error) return error;
    weft_position_print(&at, position);
    printf("%s %s\n", position, s->text);
    fflush(stdout);
    return 0;
}

static void done(struct said *s)
{
    weft_topic_unref(s->topic);
    free(s);
}

static void on_turn(weft_turn *turn)
{
    struct said *s = (struct said *)(void *)((char *)turn - offsetof(struct said, turn));
    must(publish(s), "publish");
    done(s);
}

static void in_loop(void *said)
{
    struct said *s = said;
    int error = publish(s);
    s->turn = (weft_turn){.on_turn = on_turn};
    if (error == WEFT_ERR_BACKLOG) must(weft_topic_wait(s->topic, s->room->loop, &s->turn), "wait");
    else must(error, "publish");
    if (!error) done(s);
}

static void in_thread(struct said *s)
{
    static const struct timespec moment = {.tv_nsec = 1000000};
    int error;
    while ((error = publish(s)) == WEFT_ERR_BACKLOG) nanosleep(&moment, NULL);
    must(error, "publish");
    done(s);
}

/* ---- what it is told ------------------------------------------------------------------------- */

static void obey(struct room *room, const char *how, const char *channel, const char *text)
{
    struct said *s = calloc(1, sizeof *s + strlen(text) + 1);
    must(s ? 0 : -1, "memory");
    s->room = room;
    memcpy(s->text, text, strlen(text) + 1);
    weft_bytes name = {(const uint8_t *)channel, strlen(channel)};
    must(weft_topic_get(&s->topic, weft_channels_hub(room->channels), name), channel);
    if (strcmp(how, "thread") == 0) in_thread(s);
    else must(weft_loop_post(room->loop, in_loop, s), "post");
}

static void left(weft_server *server, void *room)
{
    (void)server;
    weft_loop_stop(((struct room *)room)->loop);
}

static void leave(void *user)
{
    struct room *room = user;
    must(weft_server_shutdown(room->server, WEFT_CLOSE_SERVICE_RESTART, left, room), "leave");
}

static void *read_stdin(void *user)
{
    struct room *room = user;
    char *line = NULL, *rest;
    size_t size = 0;
    while (getline(&line, &size, stdin) > 0) {
        line[strcspn(line, "\n")] = '\0';
        const char *how = strtok_r(line, " ", &rest), *channel = strtok_r(NULL, " ", &rest);
        if (channel) obey(room, how, channel, rest);
    }
    free(line);
    must(weft_loop_post(room->loop, leave, room), "post");
    return NULL;
}

static void start(struct room *room, unsigned threads, const weft_topic_settings *settings)
{
    const weft_limits limits = {.shutdown_drain = 1000};
    const weft_server_config server = {.threads = threads, .limits = &limits};
    const weft_hub_config hub = {.settings = settings};
    const weft_channels_config channels = {.hub = &hub, .new_channels = WEFT_NEVER, .rights = 31};
    must(weft_loop_new(&room->loop, NULL), "loop");
    must(weft_server_new(&room->server, room->loop, &server), "server");
    must(weft_channels_new(&room->channels, room->loop, &channels), "channels");
    must(weft_channels_route(room->channels, room->server, "/*"), "route");
}

static void run(struct room *room, const char *port)
{
    char address[64];
    snprintf(address, sizeof address, "127.0.0.1:%s", port);
    must(weft_server_listen(room->server, address, NULL), "listen");
    must(weft_server_start(room->server), "start");
    weft_server_address(room->server, 0, address, sizeof address);
    printf("http://%s/\n", address);
    fflush(stdout);
    must(-pthread_create(&room->reader, NULL, read_stdin, room), "thread");
    must(weft_loop_run(room->loop), "run");
    pthread_join(room->reader, NULL);
    weft_server_free(room->server);
    weft_channels_free(room->channels);
    weft_loop_free(room->loop);
}

int main(int argc, char **argv)
{
    struct room room;
    if (argc != 5) return 2;
    start(&room, (unsigned)atoi(argv[2]),
          &(weft_topic_settings){
              .history_items = strtoull(argv[3], NULL, 10),
              .window_bytes = strtoull(argv[4], NULL, 10),
              .stub_ms = 3600000,
          });
    run(&room, argv[1]);
    return 0;
}
