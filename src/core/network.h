/*
 * network.h: addresses and ranges of addresses as numbers, so that each has one spelling. An IPv4 address is
 * held as IPv6 has it (::ffff:a.b.c.d, RFC 4291 §2.5.5.2), so that one type and one comparison do for both.
 */
#ifndef DOORWARD_CORE_NETWORK_H
#define DOORWARD_CORE_NETWORK_H

#include "core/arena.h"

struct ip_address {
    unsigned char bytes[16];
};

/* All addresses that begin with the first bits of base. */
struct network {
    struct ip_address base;
    int bits; /* 0 to 128, of the 16 bytes */
};

/* "192.0.2.1" or "2001:db8::1", nothing else. */
bool ip_parse(const char *text, struct ip_address *address_out) MUST_CHECK;

void ip_from_v4(const unsigned char bytes[4], struct ip_address *address_out);
bool ip_is_v4(const struct ip_address *address);
bool ip_is_loopback(const struct ip_address *address); /* 127.0.0.0/8 or ::1 */

/* The one way it is written, in the arena. */
const char *ip_print(struct arena *arena, const struct ip_address *address);

/* An address, or one with the number of its leading bits that count: "10.0.0.0/8", "fd00::/8". The bits
 * behind those must be 0: what was meant by "10.0.0.1/8" can't be known. */
bool network_parse(const char *text, size_t length, struct network *network_out) MUST_CHECK;
bool network_holds(const struct network *network, const struct ip_address *address);

/* An address as limits count it: an IPv6 customer has a whole /64 to try from. What is no address stays as it
 * is. */
const char *network_of_customer(struct arena *arena, const char *address);

/* Lists of networks, spaces between; NULL is an empty one. Whether each word is a network, and whether one of
 * them holds the address. */
bool network_list_is_valid(const char *list);
bool network_list_holds(const char *list, const struct ip_address *address);

#endif
