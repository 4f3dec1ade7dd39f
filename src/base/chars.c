/* SPDX-License-Identifier: MIT
 *
 * base/chars.c - the table
 */
#include "base/chars.h"

enum {
    VISIBLE = CHAR_TARGET | CHAR_VALUE,
    ALNUM = VISIBLE | CHAR_TOKEN | CHAR_HOST,
    SUB = VISIBLE | CHAR_SUB,
    SUB_TOKEN = VISIBLE | CHAR_SUB | CHAR_TOKEN,
};

const uint8_t char_class[256] = {
    ['\t'] = CHAR_VALUE,
    [' '] = CHAR_VALUE,
    ['!'] = SUB_TOKEN,
    ['"'] = VISIBLE,
    ['#'] = CHAR_VALUE | CHAR_TOKEN,
    ['$'] = SUB_TOKEN,
    ['%'] = VISIBLE | CHAR_TOKEN,
    ['&' ... '\''] = SUB_TOKEN,
    ['(' ... ')'] = SUB,
    ['*' ... '+'] = SUB_TOKEN,
    [','] = SUB,
    ['-' ... '.'] = ALNUM,
    ['/'] = VISIBLE,
    ['0' ... '9'] = ALNUM,
    [':'] = VISIBLE,
    [';'] = SUB,
    ['<'] = VISIBLE,
    ['='] = SUB,
    ['>' ... '@'] = VISIBLE,
    ['A' ... 'Z'] = ALNUM,
    ['[' ... ']'] = VISIBLE,
    ['^'] = VISIBLE | CHAR_TOKEN,
    ['_'] = ALNUM,
    ['`'] = VISIBLE | CHAR_TOKEN,
    ['a' ... 'z'] = ALNUM,
    ['{'] = VISIBLE,
    ['|'] = VISIBLE | CHAR_TOKEN,
    ['}'] = VISIBLE,
    ['~'] = ALNUM,
    [0x80 ... 0xff] = CHAR_VALUE,
};
