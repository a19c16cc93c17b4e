"""Connections to the PostgreSQL of a gallery, embedded or elsewhere."""

import contextlib
import select
import threading
from collections.abc import Iterator

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from passerby.gallery.contract import Unavailable
from passerby.gallery.postgres.address import address
from passerby.gallery.postgres.embedded import MARK, Embedded
from passerby.gallery.resolved import resolved

CONNECTIONS = 16
"""How many connections one process has at most; who asks for another one waits for it."""
WAIT_S = 30.0
"""How long."""
STATEMENT_S = 60.0
"""How long a statement may take unless told otherwise."""
SCHEMA = "passerby"
"""Where all tables are."""


class Database:
    """A pool of connections; `database` opens one.

    Args:
        url: what may be shown: no password in it.
        conninfo: how libpq connects, but for the embedded server's socket.
        server: the embedded server; None where another one is used. `data` is the folder of its files, or None.
    """

    def __init__(self, url: str, *, conninfo: str, server: Embedded | None) -> None:
        self.url = url
        self._conninfo = conninfo
        self.data = None if server is None else server.data
        self._server = server
        self._idle: list[psycopg.Connection] = []
        self._breaks = 0  # how many connections have been lost
        self._free = threading.BoundedSemaphore(CONNECTIONS)
        self._lock = threading.Lock()
        self._closed = False

    @contextlib.contextmanager
    def connection(self, *, statement_s: float = STATEMENT_S, autocommit: bool = False) -> Iterator[psycopg.Connection]:
        """A connection in a transaction: committed on leaving, rolled back on an error.

        Args:
            statement_s: how long one statement may take; 0 for any time.
            autocommit: each statement for itself, as some need it.

        Raises:
            Unavailable: if the database is not reached, stops in the middle, is out of room, or takes too long.
        """
        if not self._free.acquire(timeout=WAIT_S):
            raise Unavailable(f"All {CONNECTIONS} connections to {self.url} are busy for {WAIT_S:.0f} s; try again.")
        try:
            with self._plain_errors():
                breaks = self._breaks
                connection = self._take()
                try:
                    if statement_s != STATEMENT_S:
                        _limit(connection, statement_s)
                    connection.autocommit = autocommit
                    yield connection
                    connection.commit()
                    if statement_s != STATEMENT_S:
                        _limit(connection, STATEMENT_S)
                except BaseException:
                    with contextlib.suppress(psycopg.Error):
                        connection.rollback()
                    if statement_s != STATEMENT_S and not connection.broken:
                        connection.close()  # it has another limit
                    raise
                finally:
                    self._give_back(connection, breaks)
        finally:
            self._free.release()

    def close(self) -> None:
        """Close all connections, and let go of the embedded server; closing twice is no error."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()
        if self._server is not None:
            self._server.release()

    def _take(self) -> psycopg.Connection:
        """An idle connection that still lives, else a new one."""
        while True:
            with self._lock:
                if self._closed:
                    raise Unavailable(f"The gallery at {self.url} is closed.")
                connection = self._idle.pop() if self._idle else None
            if connection is None:
                return self._connect()
            # An idle connection has nothing to say: if something can be read, it is the server's farewell.
            if not connection.closed and not _speaks(connection):
                return connection
            connection.close()

    def _connect(self) -> psycopg.Connection:
        """A new connection; an embedded server that was killed is started again."""
        if self._server is None:
            return self._opened(self._conninfo)
        try:
            return self._opened(make_conninfo(self._conninfo, host=self._server.host))
        except psycopg.OperationalError:
            self._server.again()
            return self._opened(make_conninfo(self._conninfo, host=self._server.host))

    def _opened(self, conninfo: str) -> psycopg.Connection:
        """A new connection as ours are."""
        connection = psycopg.connect(conninfo)
        try:
            connection.execute(sql.SQL("SET search_path = {}, public").format(sql.Identifier(SCHEMA)))
            connection.execute("SET client_encoding = 'UTF8'")
            # whatever the server's own is: who waited for another's change must see it, not fail
            connection.execute("SET default_transaction_isolation = 'read committed'")
            _limit(connection, STATEMENT_S)
        except BaseException:
            connection.close()
            raise
        return connection

    def _give_back(self, connection: psycopg.Connection, breaks: int) -> None:
        """Keep it for the next one, unless it is broken, or another one broke since there were that many breaks.

        Where one was lost the server may be gone, and the others are not asked: one whose end has not heard of it yet
        would fail whoever takes it next.
        """
        with contextlib.suppress(psycopg.Error):
            if not connection.closed and connection.autocommit:
                connection.autocommit = False
        with self._lock:
            doubtful = [connection]
            if connection.broken:
                self._breaks += 1
                doubtful += self._idle
                self._idle = []
            usable = connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
            if not self._closed and not connection.closed and usable and breaks == self._breaks:
                self._idle.append(connection)
                return
        for one in doubtful:
            one.close()

    @contextlib.contextmanager
    def _plain_errors(self) -> Iterator[None]:
        """Errors of the server and of the way to it in one line."""
        try:
            yield
        except psycopg.errors.DiskFull as error:
            raise Unavailable(f"The disk of {self.url} is full: {_line(error)}; nothing of this was kept.") from None
        except psycopg.errors.QueryCanceled:
            raise Unavailable(f"{self.url} took too long over this; ask for less, or again.") from None
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            raise Unavailable(f"The database {self.url} is not there or stopped: {_line(error)}") from None
        except psycopg.InternalError as error:  # such as a damaged page
            raise Unavailable(f"The database {self.url} failed: {_line(error)}") from None
        except psycopg.Error as error:  # such as tables that somebody has dropped meanwhile
            raise Unavailable(f"The database {self.url} refused this: {_line(error)}") from None


def database(url: str, *, make: bool = True) -> Database:
    """Connections to a PostgreSQL with the extension `vector` and our schema.

    Args:
        url: a folder, whose server we start and stop; or `postgresql://USER:PASSWORD@HOST:PORT/DATABASE`.
        make: make a folder that is not there.

    Returns:
        The database; close it.

    Raises:
        FileNotFoundError: if the folder is not there and shall not be made.
        Unavailable: if the server is not reached, or has no extension `vector`.
        ValueError: if the folder holds something else, or the URL cannot be read.
    """
    if "://" not in url:
        folder = resolved(url)
        if not make and not (folder / MARK).exists():
            raise FileNotFoundError(f"No gallery in {url}.")
        found = Database(url, conninfo="user=postgres dbname=postgres port=5432", server=Embedded(folder))
    else:
        place = address(url)
        found = Database(place.url, conninfo=place.conninfo, server=None)
    try:
        with found.connection() as connection:
            _prepare(connection, found.url)
    except BaseException:
        found.close()
        raise
    return found


def _prepare(connection: psycopg.Connection, url: str) -> None:
    """Make extension and schema where they are not there."""
    # Asked first: CREATE ... IF NOT EXISTS wants rights and locks even where there is nothing to make.
    have = connection.execute(
        "SELECT to_regtype('vector') IS NOT NULL AND to_regtype('halfvec') IS NOT NULL, "
        "EXISTS (SELECT FROM pg_namespace WHERE nspname = %s)",
        (SCHEMA,),
    ).fetchone()
    assert have is not None
    if all(have):
        return
    # Two that open a new one at the same time shall not both make it.
    connection.execute("SELECT pg_advisory_xact_lock(7083214)")
    try:
        connection.execute("CREATE EXTENSION IF NOT EXISTS vector WITH SCHEMA public")
        connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(SCHEMA)))
    except (psycopg.errors.UndefinedFile, psycopg.errors.FeatureNotSupported, psycopg.errors.InsufficientPrivilege):
        raise Unavailable(
            f"{url} has no extension `vector` of 0.7 or newer, or no right to make it; "
            f"let its owner run CREATE EXTENSION vector; CREATE SCHEMA {SCHEMA}."
        ) from None


def _speaks(connection: psycopg.Connection) -> bool:
    """Whether the server has said something unasked."""
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN)
    return bool(waiting.poll(0))


def _limit(connection: psycopg.Connection, seconds: float) -> None:
    """Let no statement take longer."""
    connection.execute(f"SET statement_timeout = {int(seconds * 1000)}".encode())  # SET takes no parameters
    connection.commit()


def _line(error: psycopg.Error) -> str:
    """What the server or libpq said, in one line."""
    said = error.diag.message_primary or str(error)
    return " ".join(said.split())[:300] or type(error).__name__
