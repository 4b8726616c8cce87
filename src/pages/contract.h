/*
 * contract.h: the variables that each page offers to its template: a promise to everybody who has
 * branded one. They are added to, never renamed or removed within a version; doorward-templates(7)
 * lists the same ones, which a guard compares.
 */
#ifndef DOORWARD_PAGES_CONTRACT_H
#define DOORWARD_PAGES_CONTRACT_H

#include "core/base.h"

enum { CONTRACT_VERSION = 1 };

struct contract_variable {
    const char *page; /* "login"; "*" for all pages; "mail_pin"; "mail_*" for all mails */
    const char *name; /* "client", "client.name", "scopes[].title" */
    const char *meaning;
};

/* name NULL at the end. */
extern const struct contract_variable contract_variables[];

/* The pages, NULL at the end: each has a template of its name. */
extern const char *const contract_pages[];

/* The mails, NULL at the end ("mail_pin"): each has two templates, of its name and of its name with _text,
 * and its subject in the text of its name with _subject. */
extern const char *const contract_mails[];

/* Whether a page or mail offers a variable of this name ("client", "client.name"). */
bool contract_offers(const char *page, const char *name);

/* Whether any page or mail offers it. */
bool contract_offers_anywhere(const char *name);

#endif
