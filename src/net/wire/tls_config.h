/* SPDX-License-Identifier: MIT
 *
 * net/wire/tls_config.h - a weft_tls_config with all that it points to
 */
#ifndef NET_TLS_CONFIG_H
#define NET_TLS_CONFIG_H

#include <weft/tls.h>

struct tls_config;

/* A copy. NULL: no memory. */
struct tls_config *tls_config_new(const weft_env *env, const weft_tls_config *from);
void tls_config_free(const weft_env *env, struct tls_config *c); /* NULL is fine */

const weft_tls_config *tls_config_of(const struct tls_config *c);

#endif
