/*
 * permission.h: the record of one user's role and status at one client (contract: hosted SSO 2.4, 2.5).
 * No record reads as none; request makes it pending; a change approves or revokes; it's never deleted.
 */
#ifndef DOORWARD_DOMAIN_PERMISSIONS_PERMISSION_H
#define DOORWARD_DOMAIN_PERMISSIONS_PERMISSION_H

#include "domain/directory.h"
#include "domain/events/event.h"
#include "store/permissions.h"

struct permission {
    unsigned char user_id[16];
    const struct client *client;
    const char *role;   /* none, user, admin */
    const char *status; /* pending, approved, revoked; "none" when there is no record */
    bool has_access;    /* approved, not none, not denied */
    int64_t requested_at, granted_at, revoked_at, last_accessed_at, created_at, updated_at; /* 0: never */
    const char *granted_by, *revoked_by;
};

/* Reads a role or status with its aliases (guest, owner, superadmin, super-admin; active); NULL for another
 * word. */
const char *permission_role(const char *word);
const char *permission_status(const char *word);

/* Whether such a record lets its user in. */
bool permission_grants(const char *role, const char *status, bool denied);

/* Whether a client gets tokens of a user: always where it demands no permission, and else only with a record
 * that grants it. What is missing (no record, no role) is no. */
bool permission_suffices(const struct client *client, const struct permission_state *state);

/* What pages show for a client: its name, or its id where it has none. */
const char *permission_app_name(const struct client *client);

/* NOT_FOUND when there is no record, *permission_out then reads as none. */
enum outcome permission_find(struct context *context, const unsigned char user_id[16],
                             const struct client *client, struct permission *permission_out);

struct permission_change {
    const char *role, *status; /* canonical */
    const char *actor;         /* granted_by or revoked_by: "app:CLIENT", an admin's address */
    const char *history_actor; /* who did it, for the history, when actor is somebody's word; NULL: actor */
    bool denied;               /* hasAccess was explicitly false */
    const char *only_from;     /* the status that a record must still have; NULL: any */
};

/* Makes or changes the record, with its history, webhook and, for a decision on a request, the mail to
 * the person. NOT_FOUND for an unknown user, PRECONDITION_FAILED for a status other than only_from. */
enum outcome permission_put(struct context *context, const unsigned char user_id[16],
                            const struct client *client, const struct permission_change *change,
                            struct permission *permission_out);

/* Revokes; NOT_FOUND without a record. */
enum outcome permission_revoke(struct context *context, const unsigned char user_id[16],
                               const struct client *client, const char *actor,
                               struct permission *permission_out);
/* The same where revoked_by (actor) is one thing and who the history names another. */
enum outcome permission_revoke_as(struct context *context, const unsigned char user_id[16],
                                  const struct client *client, const char *actor, const char *history_actor,
                                  struct permission *permission_out);

/* A request for access; *created_out is false when a record was there, which stays as it is. Mails the
 * service's admins. */
enum outcome permission_request(struct context *context, const unsigned char user_id[16],
                                const struct client *client, struct permission *permission_out,
                                bool *created_out);

/* What the history calls it: "USER CLIENT". */
const char *permission_subject(struct context *context, const unsigned char user_id[16],
                               const struct client *client);

/* What happened to the record, newest first. */
enum outcome permission_history(struct context *context, const struct permission *permission,
                                const struct page *page, struct history_entry **entries_out,
                                size_t *count_out);

/* Notes that the application got tokens of the user, at most once an hour; a failure is nobody's problem. */
void permission_note_access(struct context *context, const unsigned char user_id[16],
                            const struct client *client, const struct permission_state *state);

#endif
