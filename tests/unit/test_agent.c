/* User-Agent headers in words. */
#include "unit.h"

#include "domain/login/agent.h"

#define MOZILLA "Mozilla/5.0 "
#define KHTML "AppleWebKit/537.36 (KHTML, like Gecko) "

static void agent__usual_browsers_are_known(void **state)
{
    static const struct {
        const char *sent, *words;
    } cases[] = {
        { MOZILLA "(Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
          "Firefox on Windows" },
        { MOZILLA "(X11; Linux x86_64) " KHTML "Chrome/140.0.0.0 Safari/537.36", "Chrome on Linux" },
        { MOZILLA "(Windows NT 10.0; Win64; x64) " KHTML "Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
          "Edge on Windows" },
        { MOZILLA "(Windows NT 10.0) " KHTML "Chrome/140.0.0.0 Safari/537.36 OPR/120.0", "Opera on Windows" },
        { MOZILLA "(Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 "
                  "Safari/605.1.15",
          "Safari on macOS" },
        { MOZILLA "(iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
                  "Version/18.5 Mobile/15E148 Safari/604.1",
          "Safari on iPhone" },
        { MOZILLA "(iPad; CPU OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/140.0 "
                  "Mobile/15E148 Safari/604.1",
          "Chrome on iPad" },
        { MOZILLA "(Linux; Android 15; Pixel 9) " KHTML "Chrome/140.0.0.0 Mobile Safari/537.36",
          "Chrome on Android" },
        { MOZILLA "(Linux; Android 15; SM-S921B) " KHTML
                  "SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36",
          "Samsung Internet on Android" },
        { MOZILLA "(Linux; Android 10; K; wv) " KHTML "Version/4.0 Chrome/140.0.0.0 Mobile Safari/537.36",
          "Chrome on Android" },
        { MOZILLA "(X11; CrOS x86_64 14541.0.0) " KHTML "Chrome/140.0.0.0 Safari/537.36",
          "Chrome on ChromeOS" },
        { MOZILLA "(Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0", "Firefox on Android" },
        { "curl/8.14.1", "curl" },
        { MOZILLA "(Windows NT 10.0)", "Windows" },
        { "<script>alert(1)</script>", "" },
        { "", "" },
        { NULL, "" },
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        assert_string_equal(agent_describe(*state, cases[i].sent), cases[i].words);
}

static int make_arena(void **state)
{
    *state = arena_make(1 << 20);
    return 0;
}

static int drop_arena(void **state)
{
    arena_destroy(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(agent__usual_browsers_are_known, make_arena, drop_arena),
    };
    return UNIT_RUN(tests);
}
