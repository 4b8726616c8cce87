"""A database that refuses one kind of history: what fails in the last part of a change, in a test's hands."""
import contextlib

from checks import equal
from script import checksums


@contextlib.contextmanager
def refusing(site, kind):
    """While it lasts, no entry of this kind can be written, so that the transaction that wants to fails."""
    site.sql(f"CREATE TRIGGER refusing BEFORE INSERT ON history FOR EACH ROW SET NEW.id = IF(NEW.kind = '{kind}', NULL, NEW.id)")
    try:
        yield
    finally:
        site.sql("DROP TRIGGER refusing")


def state(site, *tables):
    """What is in these tables, how much was written down, and the version that every process follows."""
    sums = checksums(site, only=tables) if tables else {}
    counts = {table: site.sql(f"SELECT COUNT(*) FROM {table}") for table in ("history", "webhook_deliveries")}
    return {**sums, **counts, "version": site.sql("SELECT value FROM versions WHERE name = 'directory'")}


@contextlib.contextmanager
def unchanged(site, *tables):
    """What happens meanwhile leaves nothing behind."""
    before = state(site, *tables)
    yield
    after = state(site, *tables)
    for name, rows in before.items():
        equal(after[name], rows, name)
