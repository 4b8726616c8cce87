/*
 * text.h: reading strings strictly. Nothing here guesses: a number is a number from its first byte
 * to its last, and comparison is of bytes. Secrets are compared elsewhere (crypto/secret.h).
 */
#ifndef DOORWARD_CORE_TEXT_H
#define DOORWARD_CORE_TEXT_H

#include "core/arena.h"

/* Same bytes; NULL equals only NULL. */
bool text_equal(const char *a, const char *b);

/* Same bytes but for the case of ASCII letters. */
bool text_equal_ascii_case(const char *a, const char *b);

bool text_starts(const char *text, const char *prefix);
bool text_ends(const char *text, const char *suffix);

/* NULL or "". */
bool text_empty(const char *text);

/* Decimal digits with an optional '-', whole string, within [minimum, maximum]. */
bool text_to_int(const char *text, int64_t minimum, int64_t maximum, int64_t *value_out) MUST_CHECK;

/* A whole number and a unit: "30s", "10m", "1h", "30d", or plain seconds. In seconds. */
bool text_to_duration(const char *text, int64_t *seconds_out) MUST_CHECK;

/* A whole number of bytes with an optional "k" or "m" (1024 and 1024 * 1024). */
bool text_to_size(const char *text, int64_t *bytes_out) MUST_CHECK;

/*
 * Words between single or repeated separator bytes. Start with *cursor at the text; each call gives
 * the next word's start and length and moves the cursor; false at the end.
 */
bool text_next_word(const char **cursor, char separator, const char **word_out, size_t *length_out);

/* Whether the list (separated by separator) holds exactly this word. */
bool text_has_word(const char *list, char separator, const char *word);

/* Copies without ASCII white space at both ends; ASCII letters lowered. */
char *text_trim(struct arena *arena, const char *text);
char *text_lower(struct arena *arena, const char *text);

/* Well-formed UTF-8 (RFC 3629) without NUL: no overlong form, no surrogate, nothing past U+10FFFF. */
bool text_is_utf8(const char *data, size_t length);

/* Only bytes from 0x20 to 0x7e (RFC 6749 appendix A, VSCHAR). */
bool text_is_printable(const char *text);

/* How far two names are apart (insertions, deletions, exchanges): to name the nearest known one. */
size_t text_distance(const char *a, const char *b);

#endif
