/* SPDX-License-Identifier: MIT
 *
 * cli/config_file.h - settings from a file, in YAML
 *
 *      max-message: 1M                     a flag's name, and its value
 *      only-channels: yes                  on, off, yes, no, true, false
 *      origin: [same, https://a.example]   a list, or one item; its key may have an s: origins
 *      channels:                           FLAG_MAPPING: a mapping of
 *        /quotes/ *: latest=key              what else stands behind the colon of --channel,
 *        /chat: {history: 100/1h}            or the same as a mapping
 *      (a star stands apart here only)
 *
 * What is wrong is told as FILE:LINE:COLUMN: KEY: what would be right; and all of it, up to SETTINGS_WRONG_MAX, but for
 * what stands behind a mistake in YAML itself.
 */
#ifndef CLI_CONFIG_FILE_H
#define CLI_CONFIG_FILE_H

#include "cli/settings.h"

/* path: "-" is stdin. again: it was read before, so it has to be a file that is still there, not a pipe. */
void config_file_read(struct settings *s, const char *path, bool again);

/* Its content. name: what stands in front of what is wrong. */
void config_file_parse(struct settings *s, const char *name, const void *bytes, size_t len);

#endif
