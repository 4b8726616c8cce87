/*
 * db.c: see db.h. The only file that includes mysql.h.
 *
 * What the server's error numbers mean, and what may be tried again, is fault.c. In a transaction nothing
 * is run again here: db_transact() replays the whole. 1213 comes at COMMIT in a Galera cluster, so COMMIT
 * is as likely to need a replay as any statement.
 *
 * MariaDB loses what is prepared with the connection, so handles live and die with it.
 */
#include "store/db.h"
#include "store/fault.h"
#include "store/script.h"

#include "core/clock.h"
#include "core/log.h"
#include "core/text.h"

#include <mysql.h>

#include <poll.h>

enum {
    CONNECT_TIMEOUT_S = 2,
    RECONNECT_PAUSE_MS = 500, /* after a failed connect every call fails at once for so long */
    MAX_PARAMETERS = 32,
    MAX_COLUMNS = 48,
    PREPARED_SLOTS = 512 /* a power of two, well over the number of statements */
};

struct prepared {
    const struct statement *statement;
    MYSQL_STMT *handle;
};

struct db {
    const struct settings *settings;
    MYSQL *mysql; /* NULL while there is no connection */
    int64_t refused_until_ms;
    bool in_transaction;
    enum fault transaction_fault; /* what ended the open transaction early */
    struct db_counts counts;
    struct prepared prepared[PREPARED_SLOTS];
};

/* --- the connection --- */

struct db *db_make(const struct settings *settings)
{
    struct db *db = calloc(1, sizeof(*db));
    if (!db)
        fatal("out of memory");
    db->settings = settings;
    return db;
}

void db_destroy(struct db *db)
{
    if (!db)
        return;
    db_disconnect(db);
    free(db);
}

void db_disconnect(struct db *db)
{
    for (size_t i = 0; i < PREPARED_SLOTS; i++)
        if (db->prepared[i].handle)
            mysql_stmt_close(db->prepared[i].handle);
    memset(db->prepared, 0, sizeof(db->prepared));
    if (db->mysql)
        mysql_close(db->mysql);
    db->mysql = NULL;
}

struct db_counts db_counts(const struct db *db)
{
    return db->counts;
}

static void set_option(MYSQL *mysql, enum mysql_option option, const void *value)
{
    if (mysql_optionsv(mysql, option, value))
        bug("mysql option %d", (int)option);
}

/* timeout_s 0: no limit, for migrations. Everything that libraries of different age default
 * differently is set by hand. */
static void set_options(MYSQL *mysql, const struct settings *settings, unsigned timeout_s)
{
    const unsigned connect_timeout_s = CONNECT_TIMEOUT_S;
    const unsigned local_infile = 0;
    const bool over_socket = text_empty(settings->database_host);
    const unsigned protocol = over_socket ? MYSQL_PROTOCOL_SOCKET : MYSQL_PROTOCOL_TCP;
    const my_bool use_tls = !over_socket && !text_empty(settings->database_tls_ca);
    set_option(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &connect_timeout_s);
    set_option(mysql, MYSQL_OPT_READ_TIMEOUT, &timeout_s);
    set_option(mysql, MYSQL_OPT_WRITE_TIMEOUT, &timeout_s);
    set_option(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    set_option(mysql, MYSQL_OPT_LOCAL_INFILE, &local_infile);
    set_option(mysql, MYSQL_OPT_PROTOCOL, &protocol);
    set_option(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &use_tls);
    if (!use_tls)
        return;
    set_option(mysql, MYSQL_OPT_SSL_ENFORCE, &use_tls);
    set_option(mysql, MYSQL_OPT_SSL_CA, settings->database_tls_ca);
}

/* wsrep_sync_wait=3: reads and updates see what an earlier request wrote on another Galera node. A
 * server that doesn't know the variable answers 1193 and needs none of it. */
static bool set_session(MYSQL *mysql)
{
    enum { UNKNOWN_VARIABLE = 1193 };
    static const char session[] = "SET SESSION sql_mode='STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION',"
                                  "time_zone='+00:00',innodb_lock_wait_timeout=3,autocommit=1";
    static const char sync_wait[] = "SET SESSION wsrep_sync_wait=3";
    if (mysql_real_query(mysql, session, sizeof(session) - 1))
        return false;
    return !mysql_real_query(mysql, sync_wait, sizeof(sync_wait) - 1) ||
           mysql_errno(mysql) == UNKNOWN_VARIABLE;
}

static bool open_connection(struct db *db, unsigned timeout_s)
{
    const struct settings *settings = db->settings;
    const bool over_socket = text_empty(settings->database_host);
    MYSQL *mysql = mysql_init(NULL);
    if (!mysql)
        fatal("out of memory");
    set_options(mysql, settings, timeout_s);
    bool opened =
        mysql_real_connect(mysql, over_socket ? NULL : settings->database_host, settings->database_user,
                           settings->database_password, settings->database_name,
                           over_socket ? 0 : (unsigned)settings->database_port,
                           over_socket ? settings->database_socket : NULL, CLIENT_FOUND_ROWS) != NULL;
    db->counts.round_trips += 3;
    if (!opened || !set_session(mysql)) {
        log_error("database: can't connect: %u %s", mysql_errno(mysql), mysql_error(mysql));
        mysql_close(mysql);
        db->refused_until_ms = clock_mono_ms() + RECONNECT_PAUSE_MS;
        return false;
    }
    db->mysql = mysql;
    db->refused_until_ms = 0;
    return true;
}

bool db_connect(struct db *db)
{
    if (db->mysql)
        return true;
    if (clock_mono_ms() < db->refused_until_ms)
        return false;
    return open_connection(db, (unsigned)db->settings->database_timeout_s);
}

/* A server that has closed an idle connection has made its socket readable. Seen before a statement
 * is sent, that costs nothing; seen after, nobody knows whether it ran. */
static bool has_hung_up(const struct db *db)
{
    struct pollfd socket = { .fd = mysql_get_socket(db->mysql), .events = POLLIN };
    return poll(&socket, 1, 0) > 0;
}

/* Whether a statement can be sent; connects when that is allowed. */
static bool is_ready(struct db *db)
{
    if (db->in_transaction)
        return db->mysql && db->transaction_fault == FAULT_NONE;
    if (db->mysql && has_hung_up(db))
        db_disconnect(db);
    return db_connect(db);
}

/* --- preparing --- */

static struct prepared *prepared_slot(struct db *db, const struct statement *statement)
{
    size_t index = (size_t)((uintptr_t)statement / 16 % PREPARED_SLOTS);
    for (size_t i = 0; i < PREPARED_SLOTS; i++, index = (index + 1) % PREPARED_SLOTS)
        if (!db->prepared[index].statement || db->prepared[index].statement == statement)
            return &db->prepared[index];
    bug("more than %d statements", PREPARED_SLOTS);
}

/* NULL when the row of the statement and what the server says of it agree. Of INSERT … RETURNING the
 * server tells the columns only when it runs. */
static const char *disagreement(const struct statement *statement, MYSQL_STMT *handle)
{
    unsigned columns = mysql_stmt_field_count(handle);
    if (mysql_stmt_param_count(handle) != strlen(statement->parameters))
        return "number of parameters";
    if (columns != statement->column_count && (columns || !text_starts(statement->sql, "INSERT")))
        return "number of columns";
    return NULL;
}

/* Until the server has answered, nothing of the statement has run: so any loss is UNSENT. */
static enum fault prepare(struct db *db, const struct statement *statement, MYSQL_STMT **handle_out)
{
    struct prepared *slot = prepared_slot(db, statement);
    *handle_out = slot->handle;
    if (slot->handle)
        return FAULT_NONE;
    MYSQL_STMT *handle = mysql_stmt_init(db->mysql);
    if (!handle)
        fatal("out of memory");
    db->counts.round_trips++;
    if (mysql_stmt_prepare(handle, statement->sql, strlen(statement->sql))) {
        unsigned code = mysql_stmt_errno(handle);
        log_error("database: %s: preparing: %u %s", statement->name, code, mysql_stmt_error(handle));
        mysql_stmt_close(handle);
        return fault_is_loss(fault_of(code)) ? FAULT_UNSENT : FAULT_REFUSED;
    }
    const char *difference = disagreement(statement, handle);
    if (difference)
        bug("%s: %s", statement->name, difference);
    *slot = (struct prepared) { .statement = statement, .handle = handle };
    *handle_out = handle;
    return FAULT_NONE;
}

bool db_check_statement(struct db *db, struct arena *arena, const struct statement *statement,
                        const char **error_out)
{
    if (!is_ready(db)) {
        *error_out = "no connection";
        return false;
    }
    MYSQL_STMT *handle = mysql_stmt_init(db->mysql);
    if (!handle)
        fatal("out of memory");
    bool good = !mysql_stmt_prepare(handle, statement->sql, strlen(statement->sql));
    *error_out = good ? disagreement(statement, handle) : arena_strdup(arena, mysql_stmt_error(handle));
    mysql_stmt_close(handle);
    return !*error_out;
}

/* --- binding --- */

static void bind_value(MYSQL_BIND *bind, const struct value *value)
{
    static my_bool yes = 1;
    static const enum enum_field_types types[] = { [VALUE_TEXT] = MYSQL_TYPE_STRING,
                                                   [VALUE_INTEGER] = MYSQL_TYPE_LONGLONG,
                                                   [VALUE_BYTES] = MYSQL_TYPE_BLOB };
    bind->buffer_type = types[value->kind];
    if (value->null) {
        bind->is_null = &yes;
    } else if (value->kind == VALUE_INTEGER) {
        bind->buffer = (void *)&value->integer;
    } else {
        bind->buffer = (void *)value->bytes.data;
        bind->buffer_length = value->bytes.length;
    }
}

static void bind_values(MYSQL_STMT *handle, const struct statement *statement, const struct value *values)
{
    MYSQL_BIND binds[MAX_PARAMETERS] = { 0 };
    size_t count = strlen(statement->parameters);
    if (count > MAX_PARAMETERS)
        bug("%s: too many parameters", statement->name);
    for (size_t i = 0; i < count; i++) {
        if (values[i].kind != (enum value_kind)statement->parameters[i])
            bug("%s: parameter %zu is of another kind", statement->name, i + 1);
        bind_value(&binds[i], &values[i]);
    }
    if (count && mysql_stmt_bind_param(handle, binds))
        bug("%s: %s", statement->name, mysql_stmt_error(handle));
}

/* One column on its way out of the client library. */
struct landing {
    long long integer;
    unsigned char fixed[32];
    unsigned long length;
    my_bool null, cut;
};

static size_t fixed_size(enum column_kind kind)
{
    return kind == COLUMN_ID ? 16 : kind == COLUMN_HASH ? 32 : 0;
}

/* Strings and bytes get no buffer yet: their length is known once the row has been fetched. */
static void bind_column(MYSQL_BIND *bind, enum column_kind kind, struct landing *landing)
{
    bind->length = &landing->length;
    bind->is_null = &landing->null;
    bind->error = &landing->cut;
    if (kind == COLUMN_INTEGER || kind == COLUMN_BOOLEAN) {
        bind->buffer_type = MYSQL_TYPE_LONGLONG;
        bind->buffer = &landing->integer;
        return;
    }
    bind->buffer_type = kind == COLUMN_TEXT ? MYSQL_TYPE_STRING : MYSQL_TYPE_BLOB;
    bind->buffer_length = fixed_size(kind);
    bind->buffer = landing->fixed;
}

/* The bytes of a column of any length, copied into the arena. */
static struct bytes take_bytes(MYSQL_STMT *handle, struct arena *arena, size_t index,
                               const struct landing *landing)
{
    if (landing->null)
        return (struct bytes) { NULL, 0 };
    unsigned char *data = arena_alloc(arena, landing->length + 1);
    MYSQL_BIND bind = { .buffer_type = MYSQL_TYPE_BLOB, .buffer = data, .buffer_length = landing->length };
    if (landing->length && mysql_stmt_fetch_column(handle, &bind, (unsigned)index, 0))
        bug("column %zu: %s", index, mysql_stmt_error(handle));
    return (struct bytes) { data, landing->length };
}

static void store_column(MYSQL_STMT *handle, struct arena *arena, const struct statement *statement,
                         size_t index, const struct landing *landing, char *row)
{
    const struct column *column = &statement->columns[index];
    void *target = row + column->offset;
    size_t size = fixed_size(column->kind);
    if (size && !landing->null && landing->length != size)
        bug("%s: column %zu has %lu bytes", statement->name, index, landing->length);
    if (!size && column->kind != COLUMN_TEXT && column->kind != COLUMN_BYTES && landing->cut)
        bug("%s: column %zu is no integer", statement->name, index);
    switch (column->kind) {
    case COLUMN_TEXT:
        *(const char **)target = (const char *)take_bytes(handle, arena, index, landing).data;
        break;
    case COLUMN_BYTES:
        *(struct bytes *)target = take_bytes(handle, arena, index, landing);
        break;
    case COLUMN_INTEGER:
        *(int64_t *)target = landing->null ? 0 : landing->integer;
        break;
    case COLUMN_BOOLEAN:
        *(bool *)target = !landing->null && landing->integer != 0;
        break;
    case COLUMN_ID:
    case COLUMN_HASH:
        memset(target, 0, size);
        if (!landing->null)
            memcpy(target, landing->fixed, size);
        break;
    }
}

/* Takes the rows of an executed statement out of the client library into an array of row_size each. */
static void fetch_rows(MYSQL_STMT *handle, struct arena *arena, const struct statement *statement, char *rows,
                       size_t row_size, size_t count)
{
    MYSQL_BIND binds[MAX_COLUMNS] = { 0 };
    struct landing landings[MAX_COLUMNS] = { 0 };
    if (statement->column_count > MAX_COLUMNS)
        bug("%s: too many columns", statement->name);
    for (size_t i = 0; i < statement->column_count; i++)
        bind_column(&binds[i], statement->columns[i].kind, &landings[i]);
    if (mysql_stmt_bind_result(handle, binds))
        bug("%s: %s", statement->name, mysql_stmt_error(handle));
    for (size_t i = 0; i < count; i++) {
        int result = mysql_stmt_fetch(handle);
        if (result != 0 && result != MYSQL_DATA_TRUNCATED)
            bug("%s: row %zu of %zu: %s", statement->name, i, count, mysql_stmt_error(handle));
        for (size_t column = 0; column < statement->column_count; column++)
            store_column(handle, arena, statement, column, &landings[column], rows + i * row_size);
    }
}

/* --- running --- */

/* Prepares, sends, and reads the answer with all its rows. */
static enum fault execute_once(struct db *db, const struct statement *statement, const struct value *values,
                               MYSQL_STMT **handle_out)
{
    MYSQL_STMT *handle;
    enum fault fault = prepare(db, statement, &handle);
    if (fault != FAULT_NONE)
        return fault;
    bind_values(handle, statement, values);
    db->counts.statements++;
    db->counts.round_trips++;
    *handle_out = handle;
    if (!mysql_stmt_execute(handle) && (!statement->column_count || !mysql_stmt_store_result(handle))) {
        if (mysql_stmt_field_count(handle) != statement->column_count)
            bug("%s: number of columns", statement->name);
        return FAULT_NONE;
    }
    fault = fault_of(mysql_stmt_errno(handle));
    if (fault == FAULT_REFUSED || fault_is_loss(fault))
        log_error("database: %s: %u %s", statement->name, mysql_stmt_errno(handle), mysql_stmt_error(handle));
    mysql_stmt_free_result(handle);
    return fault;
}

static void count_commit(struct db *db, const struct statement *statement)
{
    if (!db->in_transaction && !text_starts(statement->sql, "SELECT"))
        db->counts.commits++;
}

/* Runs a statement, again where that is safe. OK: *handle_out holds its result. */
static enum store_result execute(struct db *db, const struct statement *statement, const struct value *values,
                                 MYSQL_STMT **handle_out)
{
    struct attempts attempts = { .started_ms = clock_mono_ms() };
    enum fault fault;
    do {
        if (!is_ready(db))
            return STORE_FAILED;
        fault = execute_once(db, statement, values, handle_out);
        if (fault_is_loss(fault))
            db_disconnect(db);
        if (db->in_transaction && (fault == FAULT_REPLAY || fault_is_loss(fault)))
            db->transaction_fault = fault;
    } while (!db->in_transaction && fault != FAULT_NONE && fault_allows_retry(statement, fault, &attempts));
    if (fault == FAULT_NONE)
        count_commit(db, statement);
    else if (fault == FAULT_REPLAY && !db->in_transaction)
        log_warn("database: %s: still locked after %d tries", statement->name, attempts.replays);
    return fault_result(statement, fault, db->in_transaction);
}

enum store_result db_find(struct db *db, struct arena *arena, const struct statement *statement,
                          const struct value *values, void *row_out)
{
    MYSQL_STMT *handle;
    enum store_result result = execute(db, statement, values, &handle);
    if (result != STORE_OK)
        return result;
    uint64_t count = mysql_stmt_num_rows(handle);
    if (count > 1)
        bug("%s: %llu rows where one is possible", statement->name, (unsigned long long)count);
    fetch_rows(handle, arena, statement, row_out, 0, (size_t)count);
    mysql_stmt_free_result(handle);
    return count ? STORE_OK : STORE_NOT_FOUND;
}

enum store_result db_list(struct db *db, struct arena *arena, const struct statement *statement,
                          const struct value *values, size_t row_size, void **rows_out, size_t *count_out)
{
    MYSQL_STMT *handle;
    enum store_result result = execute(db, statement, values, &handle);
    if (result != STORE_OK)
        return result;
    *count_out = (size_t)mysql_stmt_num_rows(handle);
    *rows_out = arena_array(arena, *count_out ? *count_out : 1, row_size);
    fetch_rows(handle, arena, statement, *rows_out, row_size, *count_out);
    mysql_stmt_free_result(handle);
    return STORE_OK;
}

enum store_result db_run(struct db *db, const struct statement *statement, const struct value *values,
                         int64_t *affected_out)
{
    MYSQL_STMT *handle;
    enum store_result result = execute(db, statement, values, &handle);
    if (result == STORE_OK && affected_out)
        *affected_out = (int64_t)mysql_stmt_affected_rows(handle);
    return result;
}

enum store_result db_run_one(struct db *db, const struct statement *statement, const struct value *values)
{
    int64_t affected = 0;
    enum store_result result = db_run(db, statement, values, &affected);
    if (result == STORE_OK && affected > 1)
        bug("%s: %lld rows where one is possible", statement->name, (long long)affected);
    return result == STORE_OK && affected == 0 ? STORE_NOT_FOUND : result;
}

/* --- transactions --- */

static enum fault run_plain(struct db *db, const char *sql)
{
    db->counts.round_trips++;
    if (!mysql_real_query(db->mysql, sql, strlen(sql)))
        return FAULT_NONE;
    enum fault fault = fault_of(mysql_errno(db->mysql));
    if (fault != FAULT_REPLAY)
        log_error("database: %s: %u %s", sql, mysql_errno(db->mysql), mysql_error(db->mysql));
    if (fault_is_loss(fault))
        db_disconnect(db);
    return fault;
}

/* One try from START TRANSACTION to COMMIT; *fault_out says why it may have to be played again. */
static enum store_result transact_once(struct db *db, db_work_fn work, void *argument, enum fault *fault_out)
{
    if (!is_ready(db)) {
        *fault_out = FAULT_REFUSED;
        return STORE_FAILED;
    }
    *fault_out = run_plain(db, "START TRANSACTION");
    if (*fault_out != FAULT_NONE) {
        *fault_out = fault_is_loss(*fault_out) ? FAULT_UNSENT : *fault_out;
        return STORE_FAILED;
    }
    db->transaction_fault = FAULT_NONE;
    db->in_transaction = true;
    enum store_result result = work(db, argument);
    db->in_transaction = false;
    *fault_out = fault_is_loss(db->transaction_fault) ? FAULT_UNSENT : db->transaction_fault;
    if (result == STORE_OK && *fault_out == FAULT_NONE) {
        *fault_out = run_plain(db, "COMMIT");
        db->counts.commits += *fault_out == FAULT_NONE;
        if (*fault_out == FAULT_NONE)
            return STORE_OK;
        result = *fault_out == FAULT_LOST ? STORE_UNCERTAIN : STORE_FAILED;
    }
    /* A server that can't be told to roll back does so when it sees the connection closed. */
    if (db->mysql && run_plain(db, "ROLLBACK") != FAULT_NONE)
        db_disconnect(db);
    return *fault_out == FAULT_NONE || result != STORE_OK ? result : STORE_FAILED;
}

enum store_result db_transact(struct db *db, db_work_fn work, void *argument)
{
    if (db->in_transaction)
        bug("a transaction inside a transaction");
    int64_t started_ms = clock_mono_ms();
    for (int tries = 1;; tries++) {
        enum fault fault;
        enum store_result result = transact_once(db, work, argument, &fault);
        if (fault != FAULT_REPLAY && fault != FAULT_UNSENT)
            return result;
        if (tries == FAULT_MAX_TRIES || clock_mono_ms() - started_ms > FAULT_REPLAY_BUDGET_MS) {
            log_warn("database: transaction given up after %d tries", tries);
            return STORE_FAILED;
        }
        fault_pause(tries);
    }
}

/* --- scripts --- */

static bool run_script_statement(struct db *db, struct arena *arena, const char *sql, const char **error_out)
{
    if (mysql_real_query(db->mysql, sql, strlen(sql))) {
        *error_out = arena_printf(arena, "%s (at \"%.60s\")", mysql_error(db->mysql), sql);
        return false;
    }
    MYSQL_RES *rows = mysql_store_result(db->mysql);
    if (rows)
        mysql_free_result(rows);
    return true;
}

bool db_run_script(struct db *db, struct arena *arena, const char *sql, const char **error_out)
{
    if (db->in_transaction)
        bug("a script inside a transaction");
    db_disconnect(db);
    if (!open_connection(db, 0)) {
        *error_out = "the database is not available";
        return false;
    }
    bool good = true;
    const char *statement;
    while (good && (statement = script_next(arena, &sql)))
        good = run_script_statement(db, arena, statement, error_out);
    db_disconnect(db);
    return good;
}
