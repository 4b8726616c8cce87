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

enum cli_status listing_result(struct cli *cli, enum store_result result)
{
    enum outcome outcome = store_outcome(&cli->context, result, OUTCOME_NOT_FOUND, "there is none");
    return outcome == OUTCOME_OK ? CLI_OK : cli_refused(cli, outcome);
}
