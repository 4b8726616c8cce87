/*
 * script.h: takes plain SQL (a migration file) apart into statements, as the mariadb client would:
 * at each ';' outside quotes and comments. No DELIMITER, so no stored programs.
 */
#ifndef DOORWARD_STORE_SCRIPT_H
#define DOORWARD_STORE_SCRIPT_H

#include "core/arena.h"

/* The next statement at *cursor without comments around it, in the arena; NULL at the end. */
const char *script_next(struct arena *arena, const char **cursor);

/* The name of the table that a statement of the schema touches (CREATE, ALTER, DROP TABLE, CREATE INDEX …
 * ON, INSERT, UPDATE, DELETE), in the arena; NULL when it touches none. */
const char *script_table(struct arena *arena, const char *statement);

#endif
