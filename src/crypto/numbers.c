/* numbers.c: see numbers.h. */
#include "crypto/numbers.h"

struct numbers numbers_start(void)
{
    struct numbers numbers = { .builder = OSSL_PARAM_BLD_new() };
    if (!numbers.builder)
        fatal("out of memory");
    return numbers;
}

void numbers_free(struct numbers *numbers)
{
    for (size_t i = 0; i < numbers->count; i++)
        BN_clear_free(numbers->items[i]);
    OSSL_PARAM_BLD_free(numbers->builder);
}

BIGNUM *numbers_add(struct numbers *numbers, struct bytes value)
{
    if (numbers->count == KEY_MAX_MEMBERS)
        bug("too many numbers in a key");
    BIGNUM *number = BN_bin2bn(value.data, (int)value.length, NULL);
    if (!number)
        fatal("out of memory");
    return numbers->items[numbers->count++] = number;
}

EVP_PKEY *numbers_key(struct numbers *numbers, const char *type, bool is_private)
{
    int selection = is_private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY;
    EVP_PKEY *pkey = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(numbers->builder);
    if (!context || !parameters)
        fatal("out of memory");
    if (EVP_PKEY_fromdata_init(context) != 1 || EVP_PKEY_fromdata(context, &pkey, selection, parameters) != 1)
        pkey = NULL;
    for (OSSL_PARAM *parameter = parameters; parameter->key; parameter++)
        OPENSSL_cleanse(parameter->data, parameter->data_size);
    OSSL_PARAM_free(parameters);
    EVP_PKEY_CTX_free(context);
    return pkey;
}

struct bytes numbers_read(const struct jwk *key, const struct key_member *member, size_t length,
                          struct arena *arena)
{
    BIGNUM *number = NULL;
    if (EVP_PKEY_get_bn_param(key->pkey, member->parameter, &number) != 1)
        bug("a key without its %s", member->name);
    if (!length)
        length = (size_t)BN_num_bytes(number);
    unsigned char *data = arena_alloc(arena, length);
    int written = BN_bn2binpad(number, data, (int)length);
    BN_clear_free(number);
    if (written < 0)
        bug("%s is longer than %zu bytes", member->name, length);
    return (struct bytes) { data, length };
}

EVP_PKEY_CTX *prepared_context(const struct alg *alg, const struct jwk *key, bool sign,
                               bool (*set_up)(const struct alg *alg, EVP_PKEY_CTX *context))
{
    struct prepared *prepared = &key->prepared[sign ? 0 : 1];
    if (prepared->alg == alg)
        return prepared->context;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
    if (!context)
        fatal("out of memory");
    if ((sign ? EVP_PKEY_sign_init(context) : EVP_PKEY_verify_init(context)) != 1 || !set_up(alg, context)) {
        EVP_PKEY_CTX_free(context);
        return NULL;
    }
    EVP_PKEY_CTX_free(prepared->context);
    *prepared = (struct prepared) { alg, context };
    return context;
}
