/*
 * service_errors.h: what the families of the service API share: how a refusal looks
 * ({"error", "error_code", "timestamp"}), and how parameters that many endpoints have are read.
 *
 * A file of endpoints ends in its rows and `const struct route_family X_family = SERVICE_FAMILY("name",
 * routes);` which is listed in api.h and src/cmd/routes.c. Each needs a name of its own, by which pools serve
 * it. A POST by an API key honours Idempotency-Key by itself (app/idempotency.h).
 */
#ifndef DOORWARD_API_SERVICE_ERRORS_H
#define DOORWARD_API_SERVICE_ERRORS_H

#include "app/route.h"
#include "app/service_error.h"
#include "core/json_writer.h"

/* A family that has the one writer of errors. */
#define SERVICE_FAMILY(name_, rows_)                                                                         \
    {                                                                                                        \
        .name = (name_), .routes = (rows_), .count = ARRAY_SIZE(rows_), .write_error = service_write_error   \
    }

/* INVALID_REQUEST for a parameter of the query that came twice: which one counts, others may see otherwise.
 * service_read_page() does it too. */
enum outcome service_check_query(struct call *call);

/* limit and offset of a list: 50 and 0; a limit is brought into 1 to 100. INVALID_REQUEST for what is no
 * whole number, or a negative offset. search isn't set. */
enum outcome service_read_page(struct call *call, struct page *page_out);

/* An RFC 3339 time of the query (from call_parameter), in seconds; 0: absent. INVALID_REQUEST. */
enum outcome service_query_time(struct call *call, const char *name, int64_t *seconds_out);

/* Members of the body; absent or null: NULL, 0, -1 (neither true nor false). INVALID_REQUEST, naming it, for
 * another type; text must not be empty. */
enum outcome service_body_text(struct call *call, const char *name, const char **text_out);
enum outcome service_body_time(struct call *call, const char *name, int64_t *seconds_out);
enum outcome service_body_flag(struct call *call, const char *name, int *flag_out);

/* The member status of the body: "active" or "disabled"; absent: NULL. INVALID_REQUEST for another. And the
 * body without it, for what is kept in other ways. */
enum outcome service_body_status(struct call *call, const char **status_out);
struct json *service_body_without_status(struct call *call);

/* An array of words of the body, as a list with spaces between; absent or null: NULL. INVALID_REQUEST. */
enum outcome service_body_words(struct call *call, const char *name, const char **list_out);

/* An id out of the path (call->values) or a body; false for what is no UUID (which then isn't found). */
bool service_read_id(const char *text, unsigned char id_out[16]);

/* The header If-Match, NULL: none; for domain/precondition.h inside the change. */
const char *service_if_match(const struct call *call);

/* Who calls, for history: "api_key:UUID". */
const char *service_actor(const struct call *call);

/* Answers with the writer's closed object; tag (domain/precondition.h) becomes ETag, NULL: none. */
enum outcome service_answer(struct call *call, int status, const struct json_writer *writer, const char *tag);

/* Answers {"history": […]}; what an entry tells is told under that name. */
struct history_entry; /* domain/events/event.h */
enum outcome service_answer_history(struct call *call, const char *name, const struct history_entry *entries,
                                    size_t count);

/* An optional time of an answer: null when it is 0. */
void service_write_time(struct json_writer *writer, const char *name, int64_t seconds);

#endif
