/* contrast.c: see contrast.h. */
#include "pages/contrast.h"

#include "core/text.h"

#include <math.h>

enum { MODES = 2, MAX_FINDINGS = 32 }; /* light and dark */

static const char *const mode_names[MODES] = { "light", "dark" };

static const char *const colours[] = { "--brand", "--brand-strong", "--on-brand",   "--page",
                                       "--card",  "--text",         "--muted",      "--edge",
                                       "--tint",  "--wrong",        "--wrong-tint", "--focus" };
enum {
    BRAND,
    BRAND_STRONG,
    ON_BRAND,
    PAGE,
    CARD,
    TEXT,
    MUTED,
    EDGE,
    TINT,
    WRONG,
    WRONG_TINT,
    FOCUS,
    COLOURS
};
_Static_assert(ARRAY_SIZE(colours) == COLOURS, "a colour without a name");

/* What stands on what, and how far apart the two must be. */
static const struct {
    int above, below;
    double minimum;
} pairs[] = {
    { ON_BRAND, BRAND, 4.5 },  { ON_BRAND, BRAND_STRONG, 4.5 },
    { BRAND, CARD, 4.5 },      { BRAND_STRONG, CARD, 4.5 },
    { TEXT, PAGE, 4.5 },       { TEXT, CARD, 4.5 },
    { TEXT, TINT, 4.5 },       { MUTED, PAGE, 4.5 },
    { MUTED, CARD, 4.5 },      { MUTED, TINT, 4.5 },
    { WRONG, CARD, 4.5 },      { WRONG, WRONG_TINT, 4.5 },
    { TEXT, WRONG_TINT, 4.5 }, { EDGE, CARD, 3.0 },
    { FOCUS, CARD, 3.0 },      { FOCUS, PAGE, 3.0 },
};

struct colour {
    bool known;
    unsigned value;
    size_t line; /* in the last sheet; 0 when an earlier one set it */
};

/* A channel's share of light (WCAG 2.1, relative luminance). */
static double linear(unsigned channel)
{
    double share = channel / 255.0;
    return share <= 0.04045 ? share / 12.92 : pow((share + 0.055) / 1.055, 2.4);
}

static double luminance(unsigned colour)
{
    return 0.2126 * linear(colour >> 16 & 0xff) + 0.7152 * linear(colour >> 8 & 0xff) +
           0.0722 * linear(colour & 0xff);
}

double contrast_ratio(unsigned a, unsigned b)
{
    double first = luminance(a), second = luminance(b);
    double lighter = first > second ? first : second;
    double darker = first > second ? second : first;
    return (lighter + 0.05) / (darker + 0.05);
}

/* "#0b6b62" or "#0b6"; false for every other way of writing a colour. */
static bool read_colour(const char *text, unsigned *value_out)
{
    size_t digits = strspn(text + 1, "0123456789abcdefABCDEF");
    if (*text != '#' || (digits != 3 && digits != 6))
        return false;
    unsigned value = (unsigned)strtoul(text + 1, NULL, 16);
    if (digits == 3)
        value = (value & 0xf00) * 0x1100 + (value & 0xf0) * 0x110 + (value & 0xf) * 0x11;
    *value_out = value;
    return true;
}

/* The index of a property that is set at text ("--brand: …"), COLOURS for anything else. */
static size_t property_at(const char *text)
{
    size_t length = strcspn(text, ": \t;}");
    for (size_t i = 0; i < COLOURS; i++) {
        if (strlen(colours[i]) == length && strncmp(text, colours[i], length) == 0 &&
            text[length + strspn(text + length, " \t")] == ':')
            return i;
    }
    return COLOURS;
}

/* ":root { --brand: #0b6b62; }" sets a colour for one mode, or for both where it isn't inside a rule for
 * dark screens. */
static void read_line(const char *line, size_t number, bool dark, struct colour set[COLOURS][MODES])
{
    for (const char *name = line; (name = strstr(name, "--")) != NULL; name += 2) {
        size_t which = property_at(name);
        const char *value = strchr(name, ':');
        unsigned colour;
        if (which == COLOURS || !read_colour(value + 1 + strspn(value + 1, " \t"), &colour))
            continue;
        for (size_t mode = dark; mode < MODES; mode++)
            set[which][mode] = (struct colour) { true, colour, number };
    }
}

/* Follows the braces, to know what stands inside the rule for dark screens. */
static void read_sheet(struct arena *arena, const char *text, struct colour set[COLOURS][MODES])
{
    int depth = 0, dark_depth = -1;
    for (size_t number = 1; *text != '\0'; number++) {
        size_t length = strcspn(text, "\n");
        const char *line = arena_strndup(arena, text, length);
        if (strstr(line, "prefers-color-scheme: dark") != NULL ||
            strstr(line, "prefers-color-scheme:dark") != NULL)
            dark_depth = depth;
        read_line(line, number, dark_depth >= 0, set);
        for (const char *cursor = line; *cursor != '\0'; cursor++)
            depth += (*cursor == '{') - (*cursor == '}');
        if (depth <= dark_depth)
            dark_depth = -1;
        text += length + (text[length] == '\n');
    }
}

const char *contrast_colour(struct arena *arena, const struct contrast_sheet *sheets, size_t count,
                            const char *property)
{
    struct colour set[COLOURS][MODES] = { { { .known = false } } };
    for (size_t i = 0; i < count; i++)
        read_sheet(arena, sheets[i].text, set);
    for (size_t i = 0; i < COLOURS; i++) {
        if (text_equal(colours[i], property) && set[i][0].known)
            return arena_printf(arena, "#%06x", set[i][0].value);
    }
    return NULL;
}

size_t contrast_check(struct arena *arena, const struct contrast_sheet *sheets, size_t count,
                      struct contrast_finding **findings_out)
{
    struct colour set[COLOURS][MODES] = { { { .known = false } } };
    struct contrast_finding *findings = arena_array(arena, MAX_FINDINGS, sizeof *findings);
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t c = 0; c < COLOURS * MODES; c++)
            set[c / MODES][c % MODES].line = 0;
        read_sheet(arena, sheets[i].text, set);
    }
    for (size_t i = 0; i < ARRAY_SIZE(pairs) * MODES && found < MAX_FINDINGS; i++) {
        size_t pair = i / MODES, mode = i % MODES;
        const struct colour *above = &set[pairs[pair].above][mode], *below = &set[pairs[pair].below][mode];
        size_t line = above->line > below->line ? above->line : below->line;
        if (!above->known || !below->known || line == 0)
            continue;
        double ratio = contrast_ratio(above->value, below->value);
        if (ratio >= pairs[pair].minimum)
            continue;
        findings[found++] = (struct contrast_finding) {
            line, arena_printf(arena, "%s on %s has a contrast of %.1f:1 when %s; it needs %.1f:1",
                               colours[pairs[pair].above], colours[pairs[pair].below], ratio,
                               mode_names[mode], pairs[pair].minimum)
        };
    }
    *findings_out = findings;
    return found;
}
