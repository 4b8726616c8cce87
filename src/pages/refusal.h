/*
 * refusal.h: what a sign-in rule refused, shown on the form that it was asked by: one table for all pages, so
 * that the same refusal has the same words and the same status everywhere.
 */
#ifndef DOORWARD_PAGES_REFUSAL_H
#define DOORWARD_PAGES_REFUSAL_H

#include "domain/login/passwords.h"
#include "pages/view.h"

/* Whether this outcome is shown on a form. A wrong guess is also logged, in the words that fail2ban reads. */
bool refusal_belongs_on_form(struct call *call, enum outcome outcome);

/* Puts it beside its field and finishes the page. */
void refusal_show(struct view *view, enum outcome outcome);

/* The text for a password that isn't taken. */
const char *refusal_of_password(enum password_problem problem);

#endif
