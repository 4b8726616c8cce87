/* listing.h: what every `list` command has in common: which part is wanted. */
#ifndef DOORWARD_CMD_CLI_LISTING_H
#define DOORWARD_CMD_CLI_LISTING_H

#include "cmd/cli/cli.h"

/* Rows of an option table. */
#define LISTING_LIMIT                                                                                        \
    {                                                                                                        \
        "limit", "N", false, "at most so many (100)"                                                         \
    }
#define LISTING_OFFSET                                                                                       \
    {                                                                                                        \
        "offset", "N", false, "leave out the first so many"                                                  \
    }
#define LISTING_SEARCH                                                                                       \
    {                                                                                                        \
        "search", "TEXT", false, "only those whose name or address holds this"                               \
    }

/* Reads --limit and --offset; search stays to be filled in by commands that have it. */
enum cli_status listing_page(const struct cli *cli, struct page *page_out);

/* Reads --service into id_out; *service_id_out is NULL without it. */
enum cli_status listing_service(const struct cli *cli, unsigned char id_out[16],
                                const unsigned char **service_id_out);

/* The outcome of a store function that lists, told when it's no good. */
enum cli_status listing_result(struct cli *cli, enum store_result result);

#endif
