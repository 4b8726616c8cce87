/*
 * admin_view.h: what a page of the console is made of, each part put into the model by one call: facts,
 * tables with ways on and buttons, a search, forms, and what is shown only once. Names are keys: a form
 * "client_add" has the texts admin_form_client_add (its title) and admin_form_client_add_button; a field
 * "name" has admin_field_name and, where there is more to say, admin_field_name_hint.
 */
#ifndef DOORWARD_PAGES_ADMIN_VIEW_H
#define DOORWARD_PAGES_ADMIN_VIEW_H

#include "pages/view.h"
#include "store/db.h"
#include "store/services.h"

enum { ADMIN_PAGE_ROWS = 50 };

/* The service of the path, and its name as heading and as {service} of texts. NOT_FOUND. */
enum outcome admin_service(struct view *view, struct service_row *row_out);

/* Path of a page of the service in the path: "clients", id (may be NULL). */
const char *admin_path(struct view *view, const char *section, const char *id);

/* The administrator who does it, as history has it: "admin:ann@example.org". */
const char *admin_actor(struct view *view);

/* A day, and a day with its time, in words; "" for 0. */
const char *admin_date(struct view *view, int64_t time);
const char *admin_moment(struct view *view, int64_t time);
/* The same, "never" for 0. */
const char *admin_moment_or_never(struct view *view, int64_t time);

/* The text of a word of ours ("active" is admin_word_active); the word itself when there is none. */
const char *admin_word(struct view *view, const char *word);

/* A fact: the text admin_fact_NAME, and its value. Empty ones are left out. */
void admin_fact(struct view *view, const char *name, const char *value);
void admin_fact_code(struct view *view, const char *name, const char *value); /* ids and the like */

/* What is never to be had again: "client_secret" has the text admin_once_client_secret. */
void admin_once(struct view *view, const char *name, const char *value);

/* A table under the heading admin_table_NAME with columns admin_column_WORD; columns is space separated. */
struct json *admin_table(struct view *view, const char *name, const char *columns);

/* Begins a row; cells and a button are added to the row begun last. href may be NULL. */
void admin_row(struct view *view, struct json *table);
void admin_cell(struct view *view, struct json *table, const char *value, const char *href);
void admin_cell_code(struct view *view, struct json *table, const char *value); /* ids and the like */

/* A button in the row: sends form and id. Its text is admin_button_NAME; what names the row to those who
 * can't see it. danger: it takes something away. */
struct admin_button {
    const char *form, *id, *name, *what;
    bool danger;
};
void admin_button(struct view *view, struct json *table, const struct admin_button *button);

/* The page of a list that the query asks for (search, offset), one row more than is shown; then the search
 * field, and the ways to the rows before and behind. Returns how many to show. */
struct page admin_list_page(struct view *view);
size_t admin_list_ends(struct view *view, const struct page *page, size_t count, bool with_search);

/* A form, and its fields in order. A form that was just refused holds what was typed. */
struct admin_fields {
    struct view *view;
    struct json *form, *fields;
    const char *name;
    bool again; /* it was just refused */
    bool stale; /* because of what others saved meanwhile: fields show that, where something else was typed */
};
struct admin_fields admin_form(struct view *view, const char *name, bool danger);

/*
 * A form that changes what the page shows of a thing: with the thing's tag (domain/precondition.h), which is
 * sent back. The rule is given admin_seen() as its if_match; its PRECONDITION_FAILED goes through
 * admin_refused(), and the page shows both, what was typed and what is saved now.
 */
struct admin_fields admin_change_form(struct view *view, const char *name, bool danger, const char *tag);
const char *admin_seen(struct view *view);
bool admin_is_stale(const struct view *view);

void admin_text(struct admin_fields *fields, const char *name, const char *value);
void admin_area(struct admin_fields *fields, const char *name, const char *value);
void admin_number(struct admin_fields *fields, const char *name, const char *value);
/* words: space separated; their texts are admin_word_WORD. */
void admin_select(struct admin_fields *fields, const char *name, const char *words, const char *value);
/* Boxes of one name, labelled with the words themselves. checked: space separated. */
void admin_boxes(struct admin_fields *fields, const char *name, const char *words, const char *checked);
void admin_box(struct admin_fields *fields, const char *name, bool checked);

/* An error beside a field of the form that was sent. */
void admin_wrong(struct view *view, const char *field, const char *text_key);

/* A rule's refusal as an error of the form, when it is about what was typed (then OK); any other outcome is
 * returned as it is. */
enum outcome admin_refused(struct view *view, enum outcome outcome);

/* Whether the field was sent, be it empty: what wasn't, of a form that was cut short, stays as it is. */
bool admin_has(const struct view *view, const char *name);

/* The words of an area or of boxes, one space between. */
const char *admin_words(struct view *view, const char *name);

#endif
