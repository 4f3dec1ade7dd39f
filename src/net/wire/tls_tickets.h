/* SPDX-License-Identifier: MIT
 *
 * net/wire/tls_tickets.h - the keys of a server's tickets: one that seals them, and the one before it
 *
 *      hours     0       2       4       6
 *      a key     +-seals-+-opens-+
 *      the next          +-seals-+-opens-+
 *
 * A ticket is good for as long as a key seals, so its own key is there for all of its life; and no
 * handshake finds a key that is more than twice as old. Keys are random and replaced, not derived from
 * something that stays: who reads the memory opens no ticket that is older.
 *
 * All threads of a server share them. The lock is held while a key is copied, in handshakes only.
 */
#ifndef NET_TLS_TICKETS_H
#define NET_TLS_TICKETS_H

#include <openssl/ssl.h>
#include <pthread.h>

#include <weft/base.h>

enum { TLS_TICKET_H = 2 }; /* hours that a ticket is good for, and that a key seals */

struct tls_ticket_key {
    unsigned char name[16]; /* in plain, before what it sealed (RFC 5077, 4) */
    unsigned char cipher[32], mac[32];
};

struct tls_tickets {
    const weft_env *env;
    pthread_mutex_t lock;
    struct tls_ticket_key keys[2]; /* the one that seals comes first */
    size_t n;
    uint64_t since_us; /* when that was made */
};

/* The tickets of all connections that are made from ssl, which does not outlive t. */
void tls_tickets_init(struct tls_tickets *t, const weft_env *env, SSL_CTX *ssl);
void tls_tickets_deinit(struct tls_tickets *t); /* one that is all zero is fine */

#endif
