/* SPDX-License-Identifier: MIT
 *
 * cli/secret.c - certificates and keys: from flags to a weft_tls
 */
#include "cli/secret.h"

#include <stdio.h>

bool secret_fits(const struct secret_options *o, char why[FLAG_WHY])
{
    size_t n = o->certificates.n;
    bool lacks_key = n > o->keys.n, lacks_certificate = n < o->keys.n;
    if (lacks_key)
        snprintf(why, FLAG_WHY, "--tls-cert %s has no --tls-key to go with it",
                 o->certificates.items[o->keys.n]);
    else if (lacks_certificate)
        snprintf(why, FLAG_WHY, "--tls-key %s has no --tls-cert to go with it", o->keys.items[n]);
    else if (o->client_ca && !n)
        snprintf(why, FLAG_WHY, "--tls-client-ca needs --tls-cert and --tls-key");
    else return true;
    return false;
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
