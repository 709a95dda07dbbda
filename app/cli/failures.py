"""What can be expected to go wrong with a command, told without a traceback."""

from collections.abc import Iterator

from asyncpg import PostgresError
from asyncpg.exceptions import UndefinedTableError
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError

from app.audit.logfiles import LogsUnwritable
from app.errors import Problem, Unavailable
from app.settings import Settings
from app.tenancy.suitability import DatabaseUnsuitable

_UNDEFINED_TABLE = UndefinedTableError.sqlstate


class CommandFailed(Exception):
    """The command cannot do what it was asked to; the message says why and what helps."""


EXPECTED = (
    CommandFailed,
    DatabaseUnsuitable,
    LogsUnwritable,
    Problem,
    ValidationError,
    DBAPIError,
    PostgresError,
    OSError,
)


def explain(error: BaseException) -> str:
    """Say what is wrong, for somebody at a terminal."""
    match error:
        case Unavailable(__cause__=BaseException() as cause):
            return explain(cause)
        case Problem():
            details = [f"  {each.pointer.strip('/')}: {each.detail}" for each in error.errors]
            return "\n".join([error.detail, *details])
        case ValidationError():
            return "\n".join(["This is not valid:", *_complaints(error)])
        case DBAPIError() | PostgresError():
            return _database_complaint(error)
        case OSError(filename=None) if not isinstance(error, BrokenPipeError):  # of a socket, not of a file
            return f"PostgreSQL cannot be reached ({error}). Does it run (`script/server`), and is DATABASE_URL right?"
        case _:
            return str(error)


def _complaints(error: ValidationError) -> Iterator[str]:
    for each in error.errors(include_url=False, include_input=False):
        where = ".".join(map(str, each["loc"]))
        if error.title == Settings.__name__:
            where = where.upper()  # as it is set
        what = each["msg"].removeprefix("Value error, ")
        yield f"  {where}: {what}" if where else f"  {what}"


def _database_complaint(error: DBAPIError | PostgresError) -> str:
    cause = error.orig if isinstance(error, DBAPIError) else error
    if getattr(cause, "sqlstate", None) == _UNDEFINED_TABLE:
        return "The database is not migrated yet. Run `smoothschedule migrate` first."
    message = str(cause).partition("\n")[0].partition(">: ")
    return f"PostgreSQL refused: {message[2] or message[0]}"
