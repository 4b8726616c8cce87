/* template_file.c: see template_file.h. */
#include "pages/template_file.h"

#include "core/encode.h"
#include "core/log.h"
#include "core/text.h"
#include "crypto/digest.h"
#include "pages/templates.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { LOOK_INTERVAL_MS = 1000, HASH_BYTES = 8, ARENA_LIMIT = 8 * 1024 * 1024 };

struct template_file *template_file_make(const char *path)
{
    struct template_file *file = calloc(1, sizeof *file);
    if (file == NULL || (file->path = strdup(path)) == NULL)
        fatal("out of memory");
    return file;
}

void template_file_free_chain(struct template_file *file)
{
    while (file != NULL) {
        struct template_file *next = file->next;
        arena_destroy(file->arena);
        free(file->path);
        free(file);
        file = next;
    }
}

/* Reads what fits; a file that grows meanwhile is read again when its new size is seen. */
static bool read_descriptor(struct arena *arena, int descriptor, struct bytes *text_out,
                            const char **error_out)
{
    struct stat state;
    if (fstat(descriptor, &state) != 0 || state.st_size > TEMPLATE_MAX_BYTES) {
        *error_out = "is larger than 256 KiB";
        return false;
    }
    size_t size = (size_t)state.st_size, length = 0;
    unsigned char *data = arena_alloc(arena, size + 1);
    ssize_t got;
    while (length < size && (got = read(descriptor, data + length, size - length)) > 0)
        length += (size_t)got;
    *text_out = (struct bytes) { data, length };
    return true;
}

/* The whole file; false with the reason. */
static bool read_file(struct arena *arena, const char *path, struct bytes *text_out, const char **error_out)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        *error_out = arena_printf(arena, "can't be read: %s", strerror(errno));
        return false;
    }
    bool read = read_descriptor(arena, descriptor, text_out, error_out);
    close(descriptor);
    return read;
}

struct raw_use {
    size_t line;
    const char *name;
};

static void note_raw(const struct mustache_use *use, void *context)
{
    struct raw_use *raw = context;
    if (use->kind == MUSTACHE_RAW && raw->line == 0)
        *raw = (struct raw_use) { use->line, "an unescaped value ({{{…}}} or {{&…}}) is not allowed" };
}

/* Compiles a template; one with an unescaped value is refused, since all values come from outside. */
static const struct template_fault *read_template(struct template_file *file)
{
    struct mustache_error error;
    struct template_fault *fault = arena_alloc(file->arena, sizeof *fault);
    file->template = mustache_compile(file->arena, (const char *)file->text.data, file->text.length, &error);
    if (file->template == NULL) {
        *fault = (struct template_fault) { error.line, error.message };
        return fault;
    }
    struct raw_use raw = { 0, NULL };
    mustache_each_use(file->template, note_raw, &raw);
    *fault = (struct template_fault) { raw.line, raw.name };
    return raw.line == 0 ? NULL : fault;
}

static const struct template_fault *read_json(struct template_file *file)
{
    struct template_fault *fault = arena_alloc(file->arena, sizeof *fault);
    file->json = json_parse(file->arena, (const char *)file->text.data, file->text.length, &fault->message);
    if (file->json != NULL && json_kind(file->json) == JSON_OBJECT)
        return NULL;
    if (file->json != NULL)
        fault->message = "is not a JSON object";
    return fault;
}

const struct template_fault *template_file_load(struct template_file *file)
{
    struct template_fault *fault = arena_alloc(file->arena, sizeof *fault);
    if (!read_file(file->arena, file->path, &file->text, &fault->message))
        return fault;
    unsigned char hash[32];
    sha256(file->text.data, file->text.length, hash);
    file->hash = hex_encode(file->arena, hash, HASH_BYTES);
    if (text_ends(file->path, ".mustache"))
        return read_template(file);
    return text_ends(file->path, ".json") ? read_json(file) : NULL;
}

static void forget_version(struct template_file *file)
{
    arena_destroy(file->arena);
    file->arena = NULL;
    file->usable = false;
}

/* Reads a changed file into an arena of its own and lets it take the place of the old version. */
static void take_new_version(struct template_file *file)
{
    struct template_file fresh = { .path = file->path, .arena = arena_make(ARENA_LIMIT) };
    const struct template_fault *fault = template_file_load(&fresh);
    if (fault != NULL) {
        log_error("template.broken file=%s line=%zu error=\"%s\" use=%s", file->path, fault->line,
                  fault->message, file->usable ? "last_good_version" : "next_folder");
        arena_destroy(fresh.arena);
        return;
    }
    arena_destroy(file->arena);
    file->arena = fresh.arena;
    file->text = fresh.text;
    file->hash = fresh.hash;
    file->template = fresh.template;
    file->json = fresh.json;
    file->usable = true;
}

static bool same_state(const struct stat *a, const struct stat *b)
{
    return a->st_mode == b->st_mode && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

void template_file_refresh(struct template_file *file, int64_t now_ms)
{
    if (file->looked && now_ms - file->looked_ms < LOOK_INTERVAL_MS && now_ms >= file->looked_ms)
        return;
    file->looked = true;
    file->looked_ms = now_ms;
    struct stat now;
    if (stat(file->path, &now) != 0)
        memset(&now, 0, sizeof now);
    if (same_state(&now, &file->seen))
        return;

    file->seen = now;
    file->version++;
    file->is_directory = S_ISDIR(now.st_mode);
    if (S_ISREG(now.st_mode))
        take_new_version(file);
    else
        forget_version(file);
}
