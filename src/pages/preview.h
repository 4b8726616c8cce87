/* preview.h: pages and mails with sample data, for `doorward template preview` and `doorward template check`.
 * The samples are templates/samples.json: for each page its states, and in each what the page shows. */
#ifndef DOORWARD_PAGES_PREVIEW_H
#define DOORWARD_PAGES_PREVIEW_H

#include "core/settings.h"
#include "pages/view.h"

/* What the arena of one preview has to hold. */
enum { PREVIEW_MAX_BYTES = 32 << 20 };

struct preview {
    const char *page, *state;
    const struct json *samples; /* of preview_samples(); NULL: they are read anew */
    const char *service;        /* UUID whose branding is used; NULL for none */
    const char *language;       /* NULL: English */
    const char *css;            /* takes the place of the style sheet's path, so that a saved page finds it */
    const char *brand_css, *icon, *logo;
    bool text; /* of a mail: its plain text */
};

/* The page or mail as HTML, in the arena; NULL, with the reason, for a page or state without a sample or a
 * template that can't be rendered. */
const char *preview_render(struct arena *arena, const struct settings *settings,
                           const struct preview *preview, const char **error_out);

/* The samples: pages, and for each its states. NULL, with the reason, when the file can't be used. */
const struct json *preview_samples(struct arena *arena, const struct settings *settings,
                                   const char **error_out);

#endif
