/*
 * porter.c: see porter.h. Read porter_step() at the bottom first. A visitor is who asks, a transfer is what
 * is on its way for it: a document's for all who want it meanwhile, any other's for one.
 */
#include "net/porter.h"

#include "core/clock.h"
#include "core/parcel.h"
#include "core/text.h"
#include "core/uri.h"
#include "net/visitor.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    VISITORS = 256,
    WAIT_MS = 3600 * 1000,
    LIMIT_MS = 30 * 1000, /* of any request, whatever it says */
    SLOW_HOSTS = 32,      /* that are remembered; the next one takes the place of the oldest */
    HOST_BYTES = 254,
    ARENA_LIMIT = 8 * 1024 * 1024 /* an answer, with room to have grown */
};

struct transfer {
    struct arena *arena;       /* made when first used, reset when it has ended */
    struct exchange *exchange; /* NULL: a free place */
    struct http_request request;
    const char *host;
    int64_t since_ms; /* clock_mono_ms() */
    bool is_document;
};

struct slow_host {
    char name[HOST_BYTES];
    int64_t until_ms; /* clock_mono_ms(); in the past: none */
};

struct porter {
    const struct settings *settings;
    int way;
    bool way_over;
    size_t patience; /* how many visitors may wait for a slow host */
    struct http_many *many;
    struct documents *documents;
    struct transfer transfers[PORTER_IN_FLIGHT];
    struct visitor visitors[VISITORS];
    struct transfer *wanted[VISITORS]; /* what each visitor waits for */
    struct slow_host slow[SLOW_HOSTS];
};

struct porter *porter_make(const struct settings *settings, int way, int64_t workers)
{
    struct porter *porter = calloc(1, sizeof(*porter));

    if (!porter)
        fatal("out of memory");
    porter->settings = settings;
    porter->way = way;
    porter->patience = workers > 3 ? (size_t)workers / 2 : 1;
    porter->many = http_many_make();
    porter->documents = documents_make();
    return porter;
}

/* --- transfers --- */

static void end_transfer(struct transfer *transfer)
{
    struct arena *arena = transfer->arena;

    arena_reset(arena);
    *transfer = (struct transfer) { .arena = arena };
}

static void drop_transfer(struct porter *porter, struct transfer *transfer)
{
    http_many_drop(porter->many, transfer->exchange);
    end_transfer(transfer);
}

static struct transfer *find_document(struct porter *porter, const char *url)
{
    for (size_t i = 0; i < PORTER_IN_FLIGHT; i++) {
        struct transfer *transfer = &porter->transfers[i];
        if (transfer->exchange && transfer->is_document && text_equal(transfer->request.url, url))
            return transfer;
    }
    return NULL;
}

static struct transfer *find_free(struct porter *porter)
{
    for (size_t i = 0; i < PORTER_IN_FLIGHT; i++)
        if (!porter->transfers[i].exchange)
            return &porter->transfers[i];
    return NULL;
}

/* --- hosts that are slow --- */

static void remember_slow(struct porter *porter, const char *host)
{
    struct slow_host *place = &porter->slow[0];

    for (size_t i = 0; i < SLOW_HOSTS; i++) {
        struct slow_host *slow = &porter->slow[i];
        if (text_equal(slow->name, host)) {
            place = slow;
            break;
        }
        if (slow->until_ms < place->until_ms)
            place = slow;
    }
    snprintf(place->name, sizeof(place->name), "%s", host);
    place->until_ms = clock_mono_ms() + PORTER_MEMORY_MS;
}

static bool was_slow(const struct porter *porter, const char *host)
{
    for (size_t i = 0; i < SLOW_HOSTS; i++)
        if (text_equal(porter->slow[i].name, host))
            return porter->slow[i].until_ms > clock_mono_ms();
    return false;
}

static const char *slow_words(struct arena *arena, const char *host)
{
    return arena_printf(arena, "%s is slow, and enough requests wait for it already", host);
}

/* Why one more may not wait for this host; NULL when it may. A healthy host is hardly limited; one that keeps
 * its visitors waiting must not end up with all of them, nor with all of the next that come at once. */
static const char *is_full(const struct porter *porter, struct arena *arena, const char *host)
{
    size_t waiting = 0, long_waiting = 0;
    int64_t long_ago_ms = clock_mono_ms() - PORTER_SLOW_MS;

    for (size_t i = 0; i < VISITORS; i++) {
        if (!porter->wanted[i] || !text_equal(porter->wanted[i]->host, host))
            continue;
        waiting++;
        long_waiting += porter->visitors[i].since_ms < long_ago_ms;
    }
    if (long_waiting >= porter->patience || (waiting >= porter->patience && was_slow(porter, host)))
        return slow_words(arena, host);
    if (waiting >= PORTER_HOST_IN_FLIGHT)
        return arena_printf(arena, "too many requests to %s are on their way already", host);
    return NULL;
}

/* --- visitors --- */

static size_t number_of(const struct porter *porter, const struct visitor *visitor)
{
    return (size_t)(visitor - porter->visitors);
}

/* It waits no more. */
static void release(struct porter *porter, struct visitor *visitor)
{
    struct transfer **wanted = &porter->wanted[number_of(porter, visitor)];

    if (*wanted && !(*wanted)->is_document)
        drop_transfer(porter, *wanted);
    *wanted = NULL;
}

static void let_go(struct porter *porter, struct visitor *visitor)
{
    release(porter, visitor);
    visitor_go(visitor);
}

static void tell_failure(struct visitor *visitor, const char *words)
{
    const struct reply reply = { HTTP_FAILED, { .headers = "", .error = words }, 0 };

    visitor_tell(visitor, &reply);
}

static void tell_document(struct visitor *visitor, enum http_result result, const struct document *document)
{
    const struct reply reply = { result,
                                 { .headers = "", .error = document->error, .body = document->body },
                                 document->fetched_ms };

    visitor_tell(visitor, &reply);
}

/* It ended: whoever waits for it is told. */
static void settle(struct porter *porter, struct transfer *transfer, struct reply *reply)
{
    if (reply->result == HTTP_FAILED && transfer->since_ms < clock_mono_ms() - PORTER_SLOW_MS)
        remember_slow(porter, transfer->host);
    if (transfer->is_document) {
        struct document document;
        reply->result = documents_keep(porter->documents, transfer->arena, transfer->request.url,
                                       clock_now_ms(), reply->result, &reply->answer, &document);
        reply->answer =
            (struct http_answer) { .headers = "", .error = document.error, .body = document.body };
        reply->fetched_ms = document.fetched_ms;
    }
    for (size_t i = 0; i < VISITORS; i++)
        if (porter->wanted[i] == transfer) {
            porter->wanted[i] = NULL;
            visitor_tell(&porter->visitors[i], reply);
        }
    end_transfer(transfer);
}

/* --- an ask --- */

/* Not longer than its visitor waits. */
static void bound(struct http_request *request, int64_t left_ms)
{
    int64_t most = left_ms < LIMIT_MS ? left_ms : LIMIT_MS;

    if (request->limit_ms <= 0 || request->limit_ms > most)
        request->limit_ms = most;
    if (request->connect_limit_ms <= 0 || request->connect_limit_ms > request->limit_ms)
        request->connect_limit_ms = request->limit_ms;
}

/* What a document's transfer needs outlives who asked first. */
static void prepare(struct transfer *transfer, const struct ask *ask, const char *host, int64_t left_ms)
{
    if (!transfer->arena)
        transfer->arena = arena_make(ARENA_LIMIT);
    transfer->since_ms = clock_mono_ms();
    transfer->is_document = ask->is_document;
    transfer->host = arena_strdup(transfer->arena, host);
    transfer->request = ask->request;
    if (ask->is_document)
        documents_request(arena_strdup(transfer->arena, ask->request.url), &transfer->request);
    else
        bound(&transfer->request, left_ms);
}

static void send_out(struct porter *porter, struct visitor *visitor, int64_t left_ms)
{
    struct transfer *transfer = find_free(porter);
    struct reply refusal = { .result = HTTP_REFUSED };
    struct uri uri;
    const char *host = uri_parse(visitor->arena, visitor->ask.request.url, &uri) ? uri.host : "";
    const char *full =
        transfer ? is_full(porter, visitor->arena, host) : "too many requests are on their way already";

    if (full) {
        tell_failure(visitor, full);
        return;
    }
    prepare(transfer, &visitor->ask, host, left_ms);
    porter->wanted[number_of(porter, visitor)] = transfer;
    transfer->exchange = http_many_begin(porter->many, transfer->arena, porter->settings, &transfer->request,
                                         transfer, &refusal.answer);
    if (!transfer->exchange)
        settle(porter, transfer, &refusal);
}

static void serve(struct porter *porter, struct visitor *visitor)
{
    const struct ask *ask = &visitor->ask;
    int64_t left_ms = ask->until_ms - visitor->since_ms;
    struct document document;
    enum http_result result;

    if (left_ms <= 0) {
        tell_failure(visitor, "the time was over before it could be sent");
        return;
    }
    if (ask->is_document && documents_find(porter->documents, visitor->arena, ask->request.url,
                                           ask->newer_than_ms, clock_now_ms(), &result, &document)) {
        tell_document(visitor, result, &document);
        return;
    }
    struct transfer *same = ask->is_document ? find_document(porter, ask->request.url) : NULL;
    if (same && !is_full(porter, visitor->arena, same->host))
        porter->wanted[number_of(porter, visitor)] = same;
    else
        send_out(porter, visitor, left_ms);
}

/* --- who has waited too long --- */

static bool is_impatient(const struct porter *porter, size_t number, int64_t now_ms)
{
    return porter->wanted[number] && porter->visitors[number].since_ms + PORTER_PATIENCE_MS <= now_ms;
}

/* How many have waited for the same host at least as long as this one, without it. */
static size_t count_before(const struct porter *porter, size_t number)
{
    size_t count = 0;

    for (size_t i = 0; i < VISITORS; i++) {
        int64_t later_ms = porter->visitors[i].since_ms - porter->visitors[number].since_ms;
        if (porter->wanted[i] && text_equal(porter->wanted[i]->host, porter->wanted[number]->host) &&
            (later_ms < 0 || (later_ms == 0 && i < number)))
            count++;
    }
    return count;
}

/* Those who came at once, before anybody could know that the host is slow, wait for it no longer than
 * PORTER_PATIENCE_MS, but for the half of the workers that may. */
static void relieve(struct porter *porter)
{
    int64_t now_ms = clock_mono_ms();

    for (size_t i = VISITORS; i-- > 0;) {
        if (!is_impatient(porter, i, now_ms) || count_before(porter, i) < porter->patience)
            continue;
        struct visitor *visitor = &porter->visitors[i];
        const char *words = slow_words(visitor->arena, porter->wanted[i]->host);
        remember_slow(porter, porter->wanted[i]->host);
        release(porter, visitor);
        tell_failure(visitor, words);
    }
}

/* Until when nobody becomes impatient. */
static int wait_ms(const struct porter *porter)
{
    int64_t now_ms = clock_mono_ms(), least = WAIT_MS;

    for (size_t i = 0; i < VISITORS; i++) {
        int64_t left_ms = porter->visitors[i].since_ms + PORTER_PATIENCE_MS - now_ms;
        if (porter->wanted[i] && left_ms > 0 && left_ms < least)
            least = left_ms;
    }
    return (int)least;
}

/* --- the loop --- */

static struct visitor *find_absent(struct porter *porter)
{
    for (size_t i = 0; i < VISITORS; i++)
        if (porter->visitors[i].state == VISITOR_ABSENT)
            return &porter->visitors[i];
    return NULL;
}

/* Only who has the other end of the way can hand anything over; even so, no other user's socket. */
static bool is_ours(int descriptor)
{
    struct ucred peer;
    socklen_t size = sizeof(peer);

    return getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == geteuid();
}

static void let_in(struct porter *porter)
{
    struct visitor *absent = find_absent(porter);
    int descriptor = absent ? parcel_take(porter->way, &porter->way_over) : -1;

    if (descriptor < 0)
        return;
    if (is_ours(descriptor))
        visitor_come(absent, descriptor);
    else
        close(descriptor);
}

static void attend(struct porter *porter, struct visitor *visitor)
{
    enum visitor_news news = visitor_go_on(visitor);

    if (news == VISITOR_ASKS)
        serve(porter, visitor);
    else if (news == VISITOR_LEFT)
        let_go(porter, visitor);
}

/* What a turn of the loop waits for. */
struct watch {
    struct pollfd list[HTTP_MANY_WATCHED];
    struct visitor *visitors[HTTP_MANY_WATCHED];
    size_t count;
};

static void add(struct watch *watch, int descriptor, short events, struct visitor *visitor)
{
    watch->visitors[watch->count] = visitor;
    watch->list[watch->count++] = (struct pollfd) { .fd = descriptor, .events = events };
}

void porter_step(struct porter *porter, int wake)
{
    struct watch watch = { .count = 0 };
    struct reply reply = { .result = HTTP_FAILED };
    struct transfer *ended;

    add(&watch, wake, POLLIN, NULL);
    for (size_t i = 0; i < VISITORS; i++)
        if (porter->visitors[i].state != VISITOR_ABSENT)
            add(&watch, porter->visitors[i].descriptor, visitor_events(&porter->visitors[i]),
                &porter->visitors[i]);
    bool takes = !porter->way_over && find_absent(porter);
    if (takes)
        add(&watch, porter->way, POLLIN, NULL);
    http_many_wait(porter->many, watch.list, watch.count, wait_ms(porter));
    for (size_t i = 0; i < watch.count; i++)
        if (watch.visitors[i] && watch.list[i].revents)
            attend(porter, watch.visitors[i]);
    if (takes && watch.list[watch.count - 1].revents)
        let_in(porter);
    while ((ended = http_many_next(porter->many, &reply.result, &reply.answer)))
        settle(porter, ended, &reply);
    relieve(porter);
}

bool porter_is_deserted(const struct porter *porter)
{
    for (size_t i = 0; i < VISITORS; i++)
        if (porter->visitors[i].state != VISITOR_ABSENT)
            return false;
    return porter->way_over;
}

void porter_free(struct porter *porter)
{
    for (size_t i = 0; i < VISITORS; i++)
        if (porter->visitors[i].state != VISITOR_ABSENT)
            let_go(porter, &porter->visitors[i]);
    for (size_t i = 0; i < PORTER_IN_FLIGHT; i++) {
        if (porter->transfers[i].exchange)
            drop_transfer(porter, &porter->transfers[i]);
        if (porter->transfers[i].arena)
            arena_destroy(porter->transfers[i].arena);
    }
    documents_free(porter->documents);
    http_many_free(porter->many);
    free(porter);
}
