/* address_list.h: lists of IP addresses and ranges, separated by spaces: "192.0.2.7 2001:db8::/32". */
#ifndef DOORWARD_CORE_ADDRESS_LIST_H
#define DOORWARD_CORE_ADDRESS_LIST_H

#include "core/arena.h"

/* Whether each word is an address or a range whose bits behind the prefix are 0; an empty list is fine. */
bool address_list_is_valid(const char *list);

/* Whether the address is one of the list's or within one of its ranges; an empty list holds none. IPv4 in
 * IPv6 (::ffff:192.0.2.7) is the IPv4 address. */
bool address_list_holds(const char *list, const char *address);

#endif
