/*
 * documents.c: see documents.h. A document and the failure of a later try to fetch it are kept side by side:
 * who only wants any document still gets the one that is there.
 */
#include "net/documents.h"

#include "core/text.h"
#include "core/uri.h"

enum { CONNECT_LIMIT_MS = 3000 };

struct entry {
    char *url;           /* NULL: a free entry */
    unsigned char *data; /* of the document, with a NUL behind it; NULL: none */
    size_t length;
    int64_t fetched_ms, until_ms;
    int64_t renewed_ms; /* when it took the place of one that lasted still; 0: it didn't */
    char *error;        /* of the last try; NULL: it was good */
    enum http_result result;
    int64_t failed_ms;
    uint64_t used; /* the larger the later */
};

struct documents {
    struct entry entries[DOCUMENTS_MAX];
    size_t bytes; /* of all documents */
    uint64_t uses;
};

static void *copy_of(const void *data, size_t length)
{
    unsigned char *copy = calloc(1, length + 1);

    if (!copy)
        fatal("out of memory");
    if (length)
        memcpy(copy, data, length);
    return copy;
}

struct documents *documents_make(void)
{
    struct documents *documents = calloc(1, sizeof(*documents));

    if (!documents)
        fatal("out of memory");
    return documents;
}

static void forget_document(struct documents *documents, struct entry *entry)
{
    documents->bytes -= entry->length;
    free(entry->data);
    entry->data = NULL;
    entry->length = 0;
}

static void forget_failure(struct entry *entry)
{
    free(entry->error);
    entry->error = NULL;
}

static void forget(struct documents *documents, struct entry *entry)
{
    forget_document(documents, entry);
    forget_failure(entry);
    free(entry->url);
    *entry = (struct entry) { 0 };
}

void documents_free(struct documents *documents)
{
    for (size_t i = 0; documents && i < DOCUMENTS_MAX; i++)
        forget(documents, &documents->entries[i]);
    free(documents);
}

void documents_request(const char *url, struct http_request *request_out)
{
    static const char *const headers[] = { "Accept: application/json", NULL };

    *request_out = (struct http_request) { .url = url,
                                           .headers = headers,
                                           .answer_limit = DOCUMENT_BYTES,
                                           .connect_limit_ms = CONNECT_LIMIT_MS,
                                           .limit_ms = DOCUMENT_LIMIT_MS };
}

/* --- looking --- */

static struct entry *find(struct documents *documents, const char *url)
{
    for (size_t i = 0; i < DOCUMENTS_MAX; i++)
        if (documents->entries[i].url && text_equal(documents->entries[i].url, url))
            return &documents->entries[i];
    return NULL;
}

/* Whether now is between the two; a clock that was set back makes all old. */
static bool is_within(int64_t from_ms, int64_t now_ms, int64_t until_ms)
{
    return from_ms <= now_ms && now_ms < until_ms;
}

static bool does(const struct entry *entry, int64_t newer_than_ms, int64_t now_ms)
{
    return entry->data && is_within(entry->fetched_ms, now_ms, entry->until_ms) &&
           (entry->fetched_ms > newer_than_ms || now_ms < entry->renewed_ms + DOCUMENT_YOUNG_MS);
}

bool documents_find(struct documents *documents, struct arena *arena, const char *url, int64_t newer_than_ms,
                    int64_t now_ms, enum http_result *result_out, struct document *document_out)
{
    struct entry *entry = find(documents, url);

    if (!entry)
        return false;
    entry->used = ++documents->uses;
    if (does(entry, newer_than_ms, now_ms)) {
        *document_out =
            (struct document) { arena_copy(arena, entry->data, entry->length), entry->fetched_ms, "" };
        *result_out = HTTP_ANSWERED;
        return true;
    }
    if (!entry->error || !is_within(entry->failed_ms, now_ms, entry->failed_ms + DOCUMENT_FAILURE_MS))
        return false;
    *document_out =
        (struct document) { .fetched_ms = entry->failed_ms, .error = arena_strdup(arena, entry->error) };
    *result_out = entry->result;
    return true;
}

/* --- keeping --- */

/* How long a document says that it lasts (RFC 9111 §5.2.2), within bounds. */
static int64_t lifetime_ms(struct arena *arena, const struct http_answer *answer)
{
    const char *cursor = http_answer_header(arena, answer, "Cache-Control"), *word;
    int64_t lifetime = DOCUMENT_DEFAULT_MS, seconds;
    size_t length;

    while (cursor && text_next_word(&cursor, ',', &word, &length)) {
        const char *directive = text_lower(arena, text_trim(arena, arena_strndup(arena, word, length)));
        if (text_equal(directive, "no-store") || text_equal(directive, "no-cache"))
            return DOCUMENT_LEAST_MS;
        if (text_starts(directive, "max-age=") && text_to_int(directive + 8, 0, INT32_MAX, &seconds))
            lifetime = seconds * 1000;
    }
    if (lifetime < DOCUMENT_LEAST_MS)
        return DOCUMENT_LEAST_MS;
    return lifetime < DOCUMENT_MOST_MS ? lifetime : DOCUMENT_MOST_MS;
}

static struct entry *longest_unused(struct documents *documents, const struct entry *but)
{
    struct entry *longest = NULL;

    for (size_t i = 0; i < DOCUMENTS_MAX; i++) {
        struct entry *entry = &documents->entries[i];
        if (entry != but && entry->url && (!longest || entry->used < longest->used))
            longest = entry;
    }
    return longest;
}

static struct entry *place_for(struct documents *documents, const char *url)
{
    struct entry *entry = find(documents, url);

    for (size_t i = 0; !entry && i < DOCUMENTS_MAX; i++)
        if (!documents->entries[i].url)
            entry = &documents->entries[i];
    if (!entry) {
        entry = longest_unused(documents, NULL);
        forget(documents, entry);
    }
    if (!entry->url)
        entry->url = copy_of(url, strlen(url));
    entry->used = ++documents->uses;
    return entry;
}

static void make_room(struct documents *documents, const struct entry *entry, size_t length)
{
    while (documents->bytes + length > DOCUMENTS_MAX_BYTES)
        forget(documents, longest_unused(documents, entry));
}

static void keep_document(struct documents *documents, struct entry *entry, const struct document *document,
                          int64_t lifetime)
{
    bool renewed = entry->data && is_within(entry->fetched_ms, document->fetched_ms, entry->until_ms);

    forget_failure(entry);
    forget_document(documents, entry);
    make_room(documents, entry, document->body.length);
    entry->data = copy_of(document->body.data, document->body.length);
    entry->length = document->body.length;
    documents->bytes += entry->length;
    entry->fetched_ms = document->fetched_ms;
    entry->until_ms = document->fetched_ms + lifetime;
    entry->renewed_ms = renewed ? document->fetched_ms : 0;
}

static void keep_failure(struct entry *entry, enum http_result result, const struct document *document)
{
    forget_failure(entry);
    entry->error = copy_of(document->error, strlen(document->error));
    entry->result = result;
    entry->failed_ms = document->fetched_ms;
}

enum http_result documents_keep(struct documents *documents, struct arena *arena, const char *url,
                                int64_t now_ms, enum http_result result, const struct http_answer *answer,
                                struct document *document_out)
{
    bool good = result == HTTP_ANSWERED && answer->status == 200;

    *document_out = (struct document) { .fetched_ms = now_ms, .error = answer->error };
    if (good)
        document_out->body = answer->body;
    else if (result == HTTP_ANSWERED)
        document_out->error = arena_printf(arena, "the answer was %d", answer->status);
    result = good || result == HTTP_REFUSED ? result : HTTP_FAILED;
    if (strlen(url) > URI_MAX_LENGTH)
        return result;
    struct entry *entry = place_for(documents, url);
    if (good)
        keep_document(documents, entry, document_out, lifetime_ms(arena, answer));
    else
        keep_failure(entry, result, document_out);
    return result;
}
