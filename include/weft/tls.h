/* SPDX-License-Identifier: MIT
 *
 * weft/tls.h - certificates, keys, and whom to trust
 *
 *      weft_tls_pair pair = {"server.crt", "server.key"};
 *      weft_tls_config cfg = {.certificates = &pair, .n_certificates = 1};
 *      char why[256];
 *
 *      if (weft_tls_new(&tls, NULL, &cfg, why, sizeof why) < 0) puts(why);
 *      weft_server_listen(server, "*:443", &(weft_listen_options){.tls = tls});
 *
 * A weft_tls is what many connections have in common, of several listeners and clients, on all loops: it is counted,
 * and used in any thread. TLS is spoken in versions 1.2 and 1.3, with ephemeral keys and authenticated encryption.
 */
#ifndef WEFT_TLS_H
#define WEFT_TLS_H

#include <weft/base.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weft_tls weft_tls;

/* Each is a PEM file's name, or the PEM text itself: that has "-----BEGIN" in it. */
typedef struct weft_tls_pair {
    const char *certificate; /* and behind it, perhaps, those that stand between it and the root */
    const char *key;         /* NULL: it stands with the certificate */
} weft_tls_pair;

/* All zero means defaults, which are a client's. */
typedef struct weft_tls_config {
    /* A server's: the first is for clients that name no host, or an unknown one, and with it one for the same hosts
     * that has another kind of key (RSA beside ECDSA); the others are for the hosts in their subjectAltName.
     * A client's: the first is shown to a server that asks. */
    const weft_tls_pair *certificates;
    size_t n_certificates;

    bool insecure; /* a client's: whoever answers will do, nothing of what it shows is checked */
    bool optional; /* a server's: a client may also show no certificate */

    /* PEM file or text. Whoever stands there is trusted, be it a root, one between, or the peer's own certificate,
     * and whoever they have signed. A client's: the server has to show such a certificate, for its host; NULL:
     * those of the system are trusted. A server's: clients have to show one; NULL: they are not asked. */
    const char *authorities;
} weft_tls_config;

/* Read all of that. cfg and env may be NULL. It is good for a client; with a certificate for a server, too.
 * Errors: -ENOMEM, -EINVAL; WEFT_ERR_TLS: something is not as it should be; WEFT_ERR_UNSUPPORTED: weft was built
 * without TLS. why (cut to fit size; may be NULL with size 0) says what in words, with the file's name: "the key
 * b.key does not match the certificate a.crt". */
WEFT_API int weft_tls_new_sized(weft_tls **out, const weft_env *env, size_t env_size,
                                const weft_tls_config *cfg, size_t cfg_size, char *why,
                                size_t size);
static inline int weft_tls_new(weft_tls **out, const weft_env *env, const weft_tls_config *cfg,
                               char *why, size_t size)
{
    return weft_tls_new_sized(out, env, sizeof *env, cfg, sizeof *cfg, why, size);
}

/* Read the same files again; what was given as text stays. Connections that begin from now on have what was read, and
 * resume no session that was begun before; the others go on with what they have. After an error everything stays as
 * it was. For certificates that were renewed, so call it on SIGHUP or from a timer. It reads files, so it may
 * block; from any thread. Errors: as weft_tls_new. */
WEFT_API int weft_tls_reload(weft_tls *t, char *why, size_t size);

/* The same with another config. Errors: as weft_tls_new; WEFT_ERR_TLS, too, when it had certificates and cfg has
 * none, because somebody may listen with it. */
WEFT_API int weft_tls_replace_sized(weft_tls *t, const weft_tls_config *cfg, size_t cfg_size,
                                    char *why, size_t size);
static inline int weft_tls_replace(weft_tls *t, const weft_tls_config *cfg, char *why, size_t size)
{
    return weft_tls_replace_sized(t, cfg, sizeof *cfg, why, size);
}

/* Until when the ith of the certificates that were read last is good, in seconds since 1970. Any thread. Errors:
 * -ENOENT: there are not so many. */
WEFT_API WEFT_CHECK int weft_tls_expires(weft_tls *t, size_t i, int64_t *at);

/* Listeners and connections have references of their own. */
WEFT_API weft_tls *weft_tls_ref(weft_tls *t);
WEFT_API void weft_tls_unref(weft_tls *t); /* NULL is fine */

#ifdef __cplusplus
}
#endif
#endif
