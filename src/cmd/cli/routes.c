/* routes.c: `doorward routes`: the families' tables (src/cmd/routes.c) as people and scripts read them. */
#include "cmd/cli/cli.h"

#include "app/route.h"

/* A bit of a row and its name here. */
struct bit {
    unsigned bit;
    const char *name;
};

static const struct bit who_names[] = {
    { BY_ANYONE, "anyone" }, { BY_BROWSER, "browser" }, { BY_SESSION, "session" }, { BY_CLIENT, "client" },
    { BY_BEARER, "bearer" }, { BY_API_KEY, "api-key" }, { BY_ADMIN, "admin" },
};

static const struct bit body_names[] = {
    { BODY_FORM, "form" },
    { BODY_JSON, "json" },
    { BODY_JSON_VALUES, "json-values" },
};

static const char *const cors_names[] = { [CORS_NONE] = "none",
                                          [CORS_LISTED] = "listed",
                                          [CORS_PUBLIC] = "public",
                                          [CORS_CREDENTIALS] = "credentials" };
static const char *const origin_names[] = {
    [ORIGIN_ANY] = "any", [ORIGIN_NOT_FOREIGN] = "not-foreign", [ORIGIN_REQUIRED] = "required"
};
static const char *const limit_names[] = {
    [LIMIT_NONE] = "none", [LIMIT_SIGN_IN] = "sign-in", [LIMIT_MAIL] = "mail", [LIMIT_PIN] = "pin"
};
static const char *const caller_limit_names[] = { [CALLER_DEFAULT] = "default",
                                                  [CALLER_MANAGES_SERVICES] = "service-management",
                                                  [CALLER_MANAGES_CLIENTS] = "client-management",
                                                  [CALLER_AUTHORIZES] = "authorization",
                                                  [CALLER_TAKES_TOKENS] = "tokens" };
_Static_assert(ARRAY_SIZE(caller_limit_names) == CALLER_LIMITS, "a limit of callers without its name");
_Static_assert(ARRAY_SIZE(limit_names) == LIMIT_CATEGORIES, "a category without its name");

/* The names of the bits that are set, separated by spaces. */
static const char *name_bits(struct arena *arena, unsigned bits, const struct bit *names, size_t count)
{
    struct strbuf out = strbuf_start(arena);
    for (size_t i = 0; i < count; i++) {
        if (bits & names[i].bit)
            strbuf_add_format(&out, "%s%s", out.length ? " " : "", names[i].name);
    }
    return out.data;
}

static size_t body_max(const struct route *route)
{
    return route->body ? route_body_max(route) : 0;
}

static void write_route(struct cli *cli, struct json_writer *writer, const struct route_family *family,
                        const struct route *route)
{
    json_open_object(writer, NULL);
    json_write_text(writer, "family", family->name);
    json_write_text(writer, "method", route->method);
    json_write_text(writer, "path", route->path);
    json_open_array(writer, "aliases");
    for (size_t i = 0; i < ROUTE_MAX_ALIASES && route->aliases[i]; i++)
        json_write_text(writer, NULL, route->aliases[i]);
    json_close_array(writer);
    json_write_words(writer, "who", name_bits(cli->arena, route->who, who_names, ARRAY_SIZE(who_names)), ' ');
    json_write_text(writer, "permission", route->permission);
    json_write_words(writer, "body", name_bits(cli->arena, route->body, body_names, ARRAY_SIZE(body_names)),
                     ' ');
    json_write_integer(writer, "body_max", (int64_t)body_max(route));
    json_write_text(writer, "limit", limit_names[route->limit]);
    json_write_text(writer, "caller_limit", caller_limit_names[route->caller_limit]);
    json_write_text(writer, "cors", cors_names[route->cors]);
    json_write_text(writer, "origin", origin_names[route->origin]);
    json_write_boolean(writer, "replays", route_replays(route));
    json_write_boolean(writer, "plain_http", route->plain_http);
    json_close_object(writer);
}

static void print_route(struct cli *cli, const struct route *route)
{
    const char *body = name_bits(cli->arena, route->body, body_names, ARRAY_SIZE(body_names));
    printf("  %-6s %-44s %s", route->method, route->path,
           name_bits(cli->arena, route->who, who_names, ARRAY_SIZE(who_names)));
    if (route->permission)
        printf("; permission %s", route->permission);
    if (*body)
        printf("; body %s up to %zu", body, body_max(route));
    if (route->limit)
        printf("; limit %s", limit_names[route->limit]);
    if (route->caller_limit)
        printf("; limit of callers %s", caller_limit_names[route->caller_limit]);
    if (route->cors)
        printf("; cors %s", cors_names[route->cors]);
    if (route->origin)
        printf("; origin %s", origin_names[route->origin]);
    if (route_replays(route))
        printf("; idempotency-key");
    printf("%s\n", route->plain_http ? "; plain http" : "");
    for (size_t i = 0; i < ROUTE_MAX_ALIASES && route->aliases[i]; i++)
        printf("  %-6s %s\n", "", route->aliases[i]);
}

static enum cli_status routes(struct cli *cli)
{
    struct json_writer writer = json_writer_start(cli->arena);
    json_open_array(&writer, NULL);
    for (const struct route_family *const *family = route_families; *family; family++) {
        if (!cli->json)
            printf("%s%s\n", family == route_families ? "" : "\n", (*family)->name);
        for (size_t i = 0; i < (*family)->count; i++) {
            if (cli->json)
                write_route(cli, &writer, *family, &(*family)->routes[i]);
            else
                print_route(cli, &(*family)->routes[i]);
        }
    }
    json_close_array(&writer);
    return cli_finish(cli, &writer);
}

const struct cli_command routes_commands[] = {
    { "routes", NULL, NULL, "List every endpoint with what its row says.", NULL, CLI_NOTHING, routes },
    { .noun = NULL },
};
