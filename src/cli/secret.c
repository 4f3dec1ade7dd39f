/* SPDX-License-Identifier: MIT
 *
 * cli/secret.c - certificates and keys: from flags to a weft_tls
 */
#include "cli/secret.h"

#include "cli/cli.h"

int secret_check(const struct secret_options *o)
{
    size_t n = o->certificates.n;
    if (n > o->keys.n)
        return complain("--tls-cert %s has no --tls-key to go with it",
                        o->certificates.items[o->keys.n]);
    if (n < o->keys.n)
        return complain("--tls-key %s has no --tls-cert to go with it", o->keys.items[n]);
    if (o->client_ca && !n) return complain("--tls-client-ca needs --tls-cert and --tls-key");
    return 0;
}

int secret_load(const struct secret_options *o, weft_tls **out, char *why, size_t size)
{
    weft_tls_pair pairs[FLAG_LIST_MAX];
    for (size_t i = 0; i < o->certificates.n; i++)
        pairs[i] = (weft_tls_pair){o->certificates.items[i], o->keys.items[i]};
    const weft_tls_config config = {
        .certificates = pairs,
        .n_certificates = o->certificates.n,
        .authorities = o->client_ca,
    };
    return weft_tls_new(out, NULL, &config, why, size);
}
