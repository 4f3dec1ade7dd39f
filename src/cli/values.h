/* SPDX-License-Identifier: MIT
 *
 * cli/values.h - numbers, sizes and durations as people type them
 *
 * The whole text has to be one value; false leaves *out alone.
 */
#ifndef CLI_VALUES_H
#define CLI_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool value_number(const char *text, uint64_t *out); /* "8080" */
bool value_size(const char *text, uint64_t *out);   /* bytes: "64K", "1M", "2G", "65536" */
bool value_time(const char *text, uint64_t *out);   /* ms: "500ms", "10s", "2m", "1h", "2.5" (s) */

/* The inverse, as short as it is exact: "64K", "10s". */
void value_print_size(char *text, size_t size, uint64_t bytes);
void value_print_time(char *text, size_t size, uint64_t ms);

#endif
