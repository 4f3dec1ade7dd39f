/* SPDX-License-Identifier: MIT
 *
 * cli/slow_line.h - a reader of a topic behind a line that lets so many messages a second through
 *
 *      topic -> queue, lost -> held: at most SLOW_HOLDS messages -> slow_line_take -> whoever reads
 *                              when they are that many the hub is told, and its policy decides
 *
 * To the hub it is a carrier as a connection is: it says when it is full, and when there is room again. Between a
 * server and a browser a megabyte of buffers is full first, minutes of prices; here it is three messages, so what the
 * policy does can be seen at once. It has no clock of its own.
 *
 * What is held are envelopes (docs/channels.md, 4), each a message to be sent as it is.
 */
#ifndef CLI_SLOW_LINE_H
#define CLI_SLOW_LINE_H

#include <weft/topic.h>

enum { SLOW_HOLDS = 3, SLOW_ROOM = 2 * SLOW_HOLDS /* with what is said of losses */ };

struct slow_line {
    weft_reader reader;
    weft_link *link; /* the hub's; NULL: nothing comes any more */
    struct slow_piece {
        weft_message *envelope;
        bool is_loss; /* takes no room, and no time on the line */
    } held[SLOW_ROOM];
    size_t n, messages;  /* held; those that are no losses */
    double rate, credit; /* messages a second; that may pass now, at most 1 */
    int error;           /* not 0: the hub has ended it */
};

/* Begin behind since (NULL: from now on), in l's thread. All zero but for the rate. Errors: as weft_reader_begin. */
int slow_line_begin(struct slow_line *s, weft_topic *t, weft_loop *l, const weft_since *since,
                    weft_seek *seek);

/* The next envelope that has come through, a reference of the caller's; NULL: none has. */
weft_message *slow_line_take(struct slow_line *s);

/* So much time has passed: call slow_line_take until it has none. */
void slow_line_pass(struct slow_line *s, double seconds);

/* Published, and neither held nor through. */
uint64_t slow_line_behind(const struct slow_line *s);

/* Whatever has begun, or not. */
void slow_line_end(struct slow_line *s);

#endif
