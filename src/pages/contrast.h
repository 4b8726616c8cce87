/*
 * contrast.h: whether the colours of a style sheet can be told apart: WCAG 2.1 §1.4.3 (text, 4.5:1) and
 * §1.4.11 (edges and focus rings, 3:1), for light and dark. Reads the custom properties that
 * doorward.css names, written as #rgb or #rrggbb.
 */
#ifndef DOORWARD_PAGES_CONTRAST_H
#define DOORWARD_PAGES_CONTRAST_H

#include "core/arena.h"

struct contrast_finding {
    size_t line; /* of the nearer one of the two properties in this sheet; 0: in neither */
    const char *message;
};

/* One style sheet of several, the base first. */
struct contrast_sheet {
    const char *text;
};

/* Pairs of colours that are too near, as the sheets set them over one another. lines are those of the
 * last sheet; pairs that it doesn't touch are left to the run without it. */
size_t contrast_check(struct arena *arena, const struct contrast_sheet *sheets, size_t count,
                      struct contrast_finding **findings_out);

/* What the sheets set a property of doorward.css to on light screens ("--brand"): "#0b6b62", for where there
 * are no custom properties; NULL when none sets it. */
const char *contrast_colour(struct arena *arena, const struct contrast_sheet *sheets, size_t count,
                            const char *property);

/* The ratio of two colours (0xrrggbb), from 1 to 21. */
double contrast_ratio(unsigned a, unsigned b);

#endif
