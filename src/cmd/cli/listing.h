/* listing.h: what the commands that list or show things have in common: which part is wanted, and how rows
 * are told. */
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

/* Both. */
enum cli_status listing_page_of_service(const struct cli *cli, struct page *page_out,
                                        unsigned char id_out[16], const unsigned char **service_id_out);

/* Writes a row as a JSON object, and prints it for people unless --json was given. */
typedef void (*listing_write_fn)(struct cli *cli, struct json_writer *writer, const void *row);

/* The end of a command that tells one row; of one that tells count rows of size bytes each, as an array. */
enum cli_status listing_show(struct cli *cli, listing_write_fn write, const void *row);
enum cli_status listing_show_all(struct cli *cli, listing_write_fn write, const void *rows, size_t count,
                                 size_t size);

/* The end of a command that changed the status of what the first argument names: "removed". */
enum cli_status listing_show_status(struct cli *cli, const char *status);

/* The outcome of a store function that lists, told when it's no good. */
enum cli_status listing_result(struct cli *cli, enum store_result result);

#endif
