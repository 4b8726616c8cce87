/*
 * doorward.c: the program's entry: the list of command tables, and the one case without a command: a
 * web server that starts us with a listening socket on descriptor 0 (spawn-fcgi, lighttpd's bin-path,
 * mod_fcgid) means `serve`.
 */
#include "cmd/cli/cli.h"

#include <sys/socket.h>
#include <unistd.h>

/* clang-format off */
static const struct cli_command *const tables[] = {
    serve_commands,
    config_commands,
    routes_commands,
    migrate_commands,
    key_file_commands,
    key_commands,
    service_commands,
    client_commands,
    user_commands,
    admin_commands,
    api_key_commands,
    permission_commands,
    plan_commands,
    subscription_commands,
    provider_commands,
    template_commands,
    mail_commands,
    webhook_commands,
    version_commands,
    NULL,
};
/* clang-format on */

static bool started_by_web_server(void)
{
    int listening = 0;
    socklen_t size = sizeof(listening);
    return getsockopt(STDIN_FILENO, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) == 0 && listening;
}

/* Whether the words are only "-c FILE", or nothing. */
static bool names_no_command(char *const *words)
{
    if (!words[0])
        return true;
    return strcmp(words[0], "-c") == 0 && words[1] && !words[2];
}

int main(int count, char **words)
{
    static char serve[] = "serve";
    if (count < 1 || !names_no_command(words + 1) || !started_by_web_server())
        return (int)cli_main(tables, count ? words + 1 : words);
    char *const with_command[] = { count > 1 ? words[1] : serve, count > 1 ? words[2] : NULL, serve, NULL };
    return (int)cli_main(tables, with_command);
}
