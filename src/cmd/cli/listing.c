/* listing.c: see listing.h. */
#include "cmd/cli/listing.h"

#include "core/encode.h"
#include "core/text.h"

enum { DEFAULT_LIMIT = 100, MAX_LIMIT = 10000 };

static bool read_number(const struct cli *cli, const char *option, int64_t minimum, int64_t maximum,
                        int64_t *number_out)
{
    const char *text = cli_option(cli, option);
    return !text || text_to_int(text, minimum, maximum, number_out);
}

enum cli_status listing_page(const struct cli *cli, struct page *page_out)
{
    *page_out = (struct page) { .limit = DEFAULT_LIMIT };
    if (!read_number(cli, "limit", 1, MAX_LIMIT, &page_out->limit))
        return cli_fail(cli, CLI_USAGE, "--limit must be a number from 1 to %d", MAX_LIMIT);
    if (!read_number(cli, "offset", 0, INT64_MAX, &page_out->offset))
        return cli_fail(cli, CLI_USAGE, "--offset must be a number");
    return CLI_OK;
}

enum cli_status listing_service(const struct cli *cli, unsigned char id_out[16],
                                const unsigned char **service_id_out)
{
    const char *text = cli_option(cli, "service");
    *service_id_out = NULL;
    if (!text)
        return CLI_OK;
    if (!uuid_decode(text, id_out))
        return cli_fail(cli, CLI_REFUSED, "no such service");
    *service_id_out = id_out;
    return CLI_OK;
}

enum cli_status listing_page_of_service(const struct cli *cli, struct page *page_out,
                                        unsigned char id_out[16], const unsigned char **service_id_out)
{
    enum cli_status status = listing_page(cli, page_out);
    return status == CLI_OK ? listing_service(cli, id_out, service_id_out) : status;
}

enum cli_status listing_result(struct cli *cli, enum store_result result)
{
    enum outcome outcome = store_outcome(&cli->context, result, OUTCOME_NOT_FOUND, "there is none");
    return outcome == OUTCOME_OK ? CLI_OK : cli_refused(cli, outcome);
}

enum cli_status listing_show(struct cli *cli, listing_write_fn write, const void *row)
{
    struct json_writer writer = json_writer_start(cli->arena);
    write(cli, &writer, row);
    return cli_finish(cli, &writer);
}

enum cli_status listing_show_all(struct cli *cli, listing_write_fn write, const void *rows, size_t count,
                                 size_t size)
{
    struct json_writer writer = json_writer_start(cli->arena);
    json_open_array(&writer, NULL);
    for (size_t i = 0; i < count; i++)
        write(cli, &writer, (const char *)rows + i * size);
    json_close_array(&writer);
    return cli_finish(cli, &writer);
}

enum cli_status listing_show_status(struct cli *cli, const char *status)
{
    const char *id = cli->arguments[0];
    struct json_writer writer = json_writer_start(cli->arena);
    json_open_object(&writer, NULL);
    json_write_text(&writer, "id", id);
    json_write_text(&writer, "status", status);
    json_close_object(&writer);
    if (!cli->json)
        printf("%s %s\n", id, status);
    return cli_finish(cli, &writer);
}
