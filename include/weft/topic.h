/* SPDX-License-Identifier: MIT
 *
 * weft/topic.h - a topic's log: positions, what is kept, and readers of any kind
 *
 * For libraries on top (channel.h is one), and whoever wants more of a topic than hub.h says.
 *
 * A position is an epoch and an offset. Offsets count a topic's messages from 1. The epoch is made with the log, of
 * random letters: a position of another one says nothing about this one.
 *
 *      weft_since         where somebody wants to begin        after a position, the newest N, from now on
 *      weft_seek          where he does begin, and what he has lost by that
 *      weft_reader        one who stays: he has what comes delivered
 *      weft_topic_read    one who does not
 */
#ifndef WEFT_TOPIC_H
#define WEFT_TOPIC_H

#include <weft/hub.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- positions ------------------------------------------------------------------------------- */

#define WEFT_EPOCH_MIN     8
#define WEFT_EPOCH_MAX     16
#define WEFT_OFFSET_MAX    9007199254740991u /* 2^53 - 1: a number in JavaScript */
#define WEFT_POSITION_TEXT 40                /* room for one as text, with its NUL */

/* Frozen (docs/abi.md). */
typedef struct weft_position {
    char epoch[24]; /* of [a-z0-9], with its NUL; "": none */
    uint64_t offset;
} weft_position;

/* "k3f9a2c1.42", with NUL. Returns the length. */
WEFT_API int weft_position_print(const weft_position *p, char text[WEFT_POSITION_TEXT]);

/* The other way, strictly: no sign, no leading zeros, nothing behind it. 0, or -EINVAL and *p is all zero. */
WEFT_API int weft_position_parse(weft_position *p, weft_bytes text);

/* Where somebody wants to begin. All zero: from now on. */
typedef struct weft_since {
    const weft_position
        *position; /* after it; one without an epoch counts as of another epoch. NULL: not said */
    uint64_t last; /* the newest of what is kept, at most so many; WEFT_NEVER: all. 0: not said */
} weft_since;

#define WEFT_LOST_UNKNOWN UINT64_MAX

/* Where he does. Frozen. */
typedef struct weft_seek {
    weft_position at;   /* after it */
    weft_position head; /* the newest there is */
    uint64_t
        lost; /* messages in front of at that he wanted and nobody has any more; WEFT_LOST_UNKNOWN */
} weft_seek;

/* ---- topics ---------------------------------------------------------------------------------- */

/* Counted; any thread. A topic is one and the same as long as somebody holds it; give it back before the hub
 * is freed. */
typedef struct weft_topic weft_topic;

/* The topic of that name, made if need be. Errors: -EINVAL (the length), -ENOSPC (max_topics), -ENOMEM. */
WEFT_API int weft_topic_get(weft_topic **out, weft_hub *h, weft_bytes name);

/* The same, or NULL: there is none. */
WEFT_API weft_topic *weft_topic_find(weft_hub *h, weft_bytes name);
WEFT_API weft_topic *weft_topic_ref(weft_topic *t);
WEFT_API void weft_topic_unref(weft_topic *t); /* NULL is fine */

WEFT_API weft_bytes weft_topic_name(const weft_topic *t); /* as long as you hold it */
WEFT_API const weft_topic_settings *weft_topic_settings_of(const weft_topic *t);
WEFT_API weft_hub *weft_topic_hub(const weft_topic *t);
WEFT_API const weft_env *
weft_hub_env(const weft_hub *h); /* its copy, as long as the hub; NULL: it has none */
WEFT_API size_t weft_topic_subscribers(const weft_topic *t);
WEFT_API weft_position weft_topic_head(weft_topic *t);
WEFT_API const char *weft_topic_epoch(const weft_topic *t); /* as long as you hold it */

/* What is kept now, for whatever reason: so many messages, of so many bytes as settings count them. */
WEFT_API void weft_topic_kept(weft_topic *t, uint64_t *messages, uint64_t *bytes);

/* What is kept goes; epoch and offset go on. Who had read all notices nothing. */
WEFT_API void weft_topic_clear(weft_topic *t);

/* Nobody can know any more what was published, as when a store has lost its newest: another epoch begins. What is kept
 * goes, and whoever reads is told of a loss that cannot be counted. Offsets go on. Errors: the env's random's. */
WEFT_API WEFT_CHECK int weft_topic_renew(weft_topic *t);

/* ---- to go on in another process ------------------------------------------------------------- */

/* All topics with their epochs, offsets and what is kept, for write, piece after piece; it returns 0, or an error,
 * which ends it and is returned. Publish nothing meanwhile, if the next one is to have it. What is written is for one
 * version of weft and the next process on this machine; there is no checksum in it. Errors: -ENOMEM. */
WEFT_API WEFT_CHECK int
weft_hub_save(weft_hub *h, int (*write)(const void *data, size_t len, void *user), void *user);

/* What weft_hub_save has written: positions are valid again, and what was kept is, as far as settings allow. Topics in
 * which somebody reads already, or something was published, stay as they are. Errors, with which nothing has changed:
 * -EINVAL: it is broken; -ENOTSUP: of another version. -ENOMEM, -ENOSPC (max_topics): some topics were restored. */
WEFT_API WEFT_CHECK int weft_hub_restore(weft_hub *h, weft_bytes saved);

/* ---- all topics ------------------------------------------------------------------------------ */

/* Call each with every topic that is there, be it as a stub, and whose name begins with prefix, until it returns false;
 * in your thread, without locks, in no order. A topic that comes or goes meanwhile may be missed: who has a lookout
 * hears of those that come. each may do all that you may. Any thread. Errors: -ENOMEM: not all were called. */
WEFT_API WEFT_CHECK int weft_topic_walk(weft_hub *h, weft_bytes prefix,
                                        bool (*each)(weft_topic *t, void *user), void *user);

/* One who hears of each topic that is made. */
typedef struct weft_lookout weft_lookout;

/* From now on on_topic is called, in l's thread and from the loop, once for each topic that is made, by whomever, in
 * that order; one that is forgotten and made again is another. It is held for the call; and until all lookouts have
 * heard of it everything that is published in it is kept, up to its window. So a reader that on_topic begins behind
 * offset 0 of its epoch (weft_reader_begin, weft_topic_subscribe) has its first message, even with no history at all,
 * or is told what he has lost. As long as there is a lookout, publishing makes topics that keep nothing, too. on_topic
 * may free its lookout. In l's thread. Errors: -ENOMEM, -ENOSPC (more than 256 loops). */
WEFT_API int weft_lookout_new(weft_lookout **out, weft_hub *h, weft_loop *l,
                              void (*on_topic)(weft_topic *t, void *user), void *user);

/* on_topic is called no more. In its loop's thread, before the hub is freed. NULL is fine. */
WEFT_API void weft_lookout_free(weft_lookout *l);

/* ---- entries --------------------------------------------------------------------------------- */

/* A message in a log. Read what is here; never make one: there may be more behind it. */
typedef struct weft_entry {
    uint64_t offset;
    uint64_t time;  /* when it was appended: ms since 1970, for people */
    weft_bytes key; /* what it replaces, where the policy is by key */
    weft_message *message;
} weft_entry;

/* Append m, with the key that it replaces (at most 64 bytes; len 0: what was said without one). Takes its own
 * reference. *at (may be NULL) is where. Any thread. Errors: -EINVAL (the key), -ENOSPC (max_keys), -ENOMEM;
 * WEFT_ERR_BACKLOG: as weft_publish; WEFT_ERR_CLOSED: the hub is being freed. */
WEFT_API WEFT_CHECK int weft_topic_publish(weft_topic *t, weft_message *m, weft_bytes key,
                                           weft_position *at);

/* The same for n messages, which get offsets in a row, or none of them is appended; keys NULL: none has one. *at is
 * where the last one is. n is at least 1. */
WEFT_API WEFT_CHECK int weft_topic_publish_all(weft_topic *t, weft_message *const *m,
                                               const weft_bytes *keys, size_t n, weft_position *at);

/* Who waits until it is his turn to publish. Embedded in what waits; all zero but for on_turn. */
typedef struct weft_turn {
    void (*on_turn)(struct weft_turn *turn);
    struct weft_turn *next, *previous, *next_here, *previous_here; /* weft's, as what follows */
    weft_topic *topic;
    void *part;
    int state;
} weft_turn;

/* Call turn->on_turn once, in l's thread, when it is his turn: the first weft_topic_publish to t in it is let through,
 * whatever the pace. Turns are taken in order. If he waits already nothing is done. In l's thread. Errors: -ENOMEM,
 * -ENOSPC (more than 256 loops), WEFT_ERR_CLOSED (the hub is being freed). */
WEFT_API WEFT_CHECK int weft_topic_wait(weft_topic *t, weft_loop *l, weft_turn *turn);

/* on_turn will not be called. In l's thread. Who does not wait: nothing. */
WEFT_API void weft_turn_cancel(weft_turn *turn);

/* ---- to look --------------------------------------------------------------------------------- */

/* Where one would begin. */
WEFT_API void weft_topic_seek(weft_topic *t, const weft_since *since, weft_seek *out);

/* The same, and the entries from there on, at most max of them, each as a reference of yours; *next (may be NULL) is
 * the offset to go on behind. What a policy spares readers is left out. Returns how many. */
WEFT_API size_t weft_topic_read(weft_topic *t, const weft_since *since, const weft_entry **entries,
                                size_t max, weft_seek *seek, uint64_t *next);
WEFT_API void weft_entry_unref(const weft_entry *e);

/* Somebody has read up to that offset, and will come again in a second: until then, or a second longer, he is to the
 * topic as a reader who is behind, for whom the window is kept. With the policy to queue; else nothing. */
WEFT_API void weft_topic_expect(weft_topic *t, uint64_t offset);

/* ---- to stay --------------------------------------------------------------------------------- */

typedef struct weft_reader weft_reader;

/* What readers of one kind have in common. Kept. All but render and unref in the thread of the reader; none may call
 * what runs user code, or end a reader. */
typedef struct weft_reader_type {
    /* What is queued of an entry: made when the first reader of this type needs it, shared by all of them, on all
     * loops, and given back with unref when the last has been told. skipped: so many before it were spared this
     * reader, and then it is made for him alone. NULL: no memory. Any thread. render NULL: it is the entry's message.
     * */
    void *(*render)(weft_topic *t, const weft_entry *e, uint64_t skipped);
    void (*unref)(void *rendering);

    /* Queue it by reference. 0: done; 1: done, and there should not be more for now: the link's on_drain follows. Else
     * it is not queued: WEFT_ERR_BACKLOG, and on_drain follows; -ENOMEM, he is ended; what else there is: he is
     * leaving already. */
    int (*queue)(weft_reader *r, void *rendering);

    /* seek->lost messages in front of seek->at, where he goes on, are gone. As queue. */
    int (*lost)(weft_reader *r, const weft_seek *seek);

    /* He cannot stay: WEFT_ERR_BACKLOG (the policy is to disconnect), -ENOMEM. Queue what is to be said, and close. */
    void (*end)(weft_reader *r, int error);

    /* He is gone, because what carried him is, or the hub: he may be freed. */
    void (*gone)(weft_reader *r);

    /* Hang the link on the carrier, and take it off: weft_conn_link, weft_reply_link. */
    void (*link)(void *carrier, weft_link *link);
    void (*unlink)(void *carrier, weft_link *link);

    /* May be NULL. What those who keep up are told when nothing has been for a while (weft_hub_config.silence_ms): made
     * for all of them on a loop, queued, and given back with unref. NULL: this time they are not. */
    void *(*render_silence)(weft_topic *t);

    /* He waits for one message, say, and goes: weft_topic_subscribers does not count him. */
    bool passes;
} weft_reader_type;

/* Embedded in what reads. All zero, but for the carrier, and what is yours. */
struct weft_reader {
    weft_link link; /* weft's, as the last two */
    void *carrier;
    uint16_t yours; /* not looked at */
    uint16_t state;
    uint32_t at;
};

/* Deliver from where since says (NULL: from now on), in l's thread, the carrier's. *seek (may be NULL) says what that
 * means; the loss that it names is the caller's to tell. Nothing is queued before this returns. Errors: -ENOMEM,
 * -ENOSPC (readers on more than 256 loops). */
WEFT_API WEFT_CHECK int weft_reader_begin(weft_reader *r, weft_topic *t, weft_loop *l,
                                          const weft_reader_type *type, const weft_since *since,
                                          weft_seek *seek);

/* Nothing comes any more, and gone is not told. */
WEFT_API void weft_reader_end(weft_reader *r);

/* c as a reader: as weft_subscribe, from where since says; a loss that *seek names is the caller's to tell. In the
 * thread of c. Errors: as weft_reader_begin, and -ENOSPC (max_topics_per_conn), -EEXIST: it is subscribed. */
WEFT_API WEFT_CHECK int weft_topic_subscribe(weft_topic *t, weft_conn *c, const weft_since *since,
                                             weft_seek *seek);

/* The same in memory of yours, until weft_reader_end; c stays longer than that. r: all zero, but for what is yours. */
WEFT_API int weft_member_begin(weft_reader *r, weft_topic *t, weft_conn *c, const weft_since *since,
                               weft_seek *seek);

WEFT_API weft_topic *weft_reader_topic(const weft_reader *r); /* NULL: he has not begun, or ended */

/* The offset of the last entry that was queued for him, or spared him: within queue, lost and end of his type, too. */
WEFT_API uint64_t weft_reader_offset(const weft_reader *r);

#ifdef __cplusplus
}
#endif
#endif
