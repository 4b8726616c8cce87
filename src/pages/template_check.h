/*
 * template_check.h: what is wrong with the templates, texts and style sheets of an installation, before
 * a reader meets it: for `doorward template check`, and before a reload.
 */
#ifndef DOORWARD_PAGES_TEMPLATE_CHECK_H
#define DOORWARD_PAGES_TEMPLATE_CHECK_H

#include "core/settings.h"

struct template_finding {
    const char *file;
    size_t line;  /* 0: the file as a whole */
    bool serious; /* keeps a page from being shown as it should; else worth knowing */
    const char *message;
};

typedef void (*template_report_fn)(const struct template_finding *finding, void *context);

/* Checks the defaults, the installation's folder and each service's; returns how many findings are
 * serious. */
size_t template_check(struct arena *arena, const struct settings *settings, template_report_fn report,
                      void *context);

#endif
