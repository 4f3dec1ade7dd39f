/* SPDX-License-Identifier: MIT
 *
 * cli/yaml.h - the part of YAML that a configuration needs: mappings, sequences, and texts
 *
 *      a: 1                 MAPPING    TEXT "a"    TEXT "1"
 *      b: [x, y]                       TEXT "b"    SEQUENCE TEXT "x" TEXT "y" END
 *                           END  OVER
 *
 * A text is a text: what it means is the reader's to say, who knows what is wanted. So `no` and `0123` are what they
 * look like. There are no aliases, anchors and tags, there is one document, of at most YAML_SIZE_MAX bytes, and nothing
 * in it is deeper than YAML_DEPTH_MAX. After WRONG there is nothing but WRONG.
 */
#ifndef CLI_YAML_H
#define CLI_YAML_H

#include <stdbool.h>
#include <stddef.h>

#include <yaml.h>

enum { YAML_SIZE_MAX = 1 << 20, YAML_DEPTH_MAX = 16, YAML_WHY = 256 };

enum yaml_kind { YAML_TEXT, YAML_MAPPING, YAML_SEQUENCE, YAML_END, YAML_OVER, YAML_WRONG };

struct yaml {
    enum yaml_kind kind;
    const char *text; /* of TEXT, until the next: UTF-8, ended by NUL, without one */
    size_t len;
    bool plain;          /* not in quotes: if it is empty nothing was written */
    size_t line, column; /* from 1 */
    char why[YAML_WHY];  /* of WRONG */

    unsigned depth, documents;
    yaml_parser_t parser;
    yaml_event_t event;
};

/* The bytes are borrowed until yaml_close. false: no memory. */
bool yaml_open(struct yaml *y, const void *bytes, size_t len);
void yaml_close(struct yaml *y);

/* The next one, which is in y now, too. */
enum yaml_kind yaml_next(struct yaml *y);

/* On: behind what begins with y->kind, be it a text or all that is in it. */
void yaml_skip(struct yaml *y);

#endif
