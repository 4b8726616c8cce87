/*
 * address.h: proving an address, and changing it: confirmed at the old one and at the new one, so that
 * neither a stolen session nor a typing error takes an account away.
 */
#ifndef DOORWARD_DOMAIN_ACCOUNT_ADDRESS_H
#define DOORWARD_DOMAIN_ACCOUNT_ADDRESS_H

#include "domain/login/session.h"
#include "domain/login/sign_in.h"

/* Mails the link that verifies the address of an account that isn't verified yet: after a registration, or
 * asked for again. The same work and outcome for every address; INVALID_REQUEST for what is no address. */
enum outcome address_request_verification(struct context *context, const char *email,
                                          const struct sign_in_place *place);

/* What a confirmation link was for, once it has been used. */
enum address_result {
    ADDRESS_VERIFIED,
    ADDRESS_PASSWORD_ADDED, /* and verified */
    ADDRESS_CHANGE_WAITS,   /* the other address has still to confirm */
    ADDRESS_CHANGED         /* other sessions have been ended; tokens stay */
};

struct address_confirmed {
    enum address_result result;
    const char *email, *new_email;
    const char *flow, *return_to; /* of the registration that it belongs to; NULL: none */
};

/* Looks at a link of any of the four kinds (verify, add password, confirm old, confirm new) without using it:
 * *challenge_out says which. FLOW_ENDED. */
enum outcome address_look(struct context *context, const char *token, struct challenge *challenge_out);

/* Uses it. FLOW_ENDED for a bad link, ALREADY_EXISTS when somebody else has the new address by now. */
enum outcome address_confirm(struct context *context, const char *token,
                             struct address_confirmed *confirmed_out);

/* Begins a change of address for who is signed in: mails to both (to the new one alone while the old one is
 * unverified). The same outcome for a new address that somebody has, whose owner gets no mail.
 * INVALID_REQUEST for what is no address or the present one; REAUTHENTICATION_REQUIRED. */
enum outcome address_begin_change(struct context *context, const struct session *session, const char *email);

/* The change that waits, or NULL in *email_out; and giving it up. */
enum outcome address_waiting_change(struct context *context, const unsigned char user_id[16],
                                    const char **email_out);
enum outcome address_give_up_change(struct context *context, const struct session *session);

#endif
