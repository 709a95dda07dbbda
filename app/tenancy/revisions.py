"""The two chains of migrations, as Alembic reads them from `migrations/`."""

from functools import cache
from pathlib import Path
from typing import Literal

from alembic.script import ScriptDirectory

Chain = Literal["public", "tenant"]

_MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"


@cache
def scripts(chain: Chain) -> ScriptDirectory:
    """The revisions of one chain."""
    return ScriptDirectory(_MIGRATIONS / chain)


@cache
def head_revision(chain: Chain) -> str:
    """The newest revision of one chain. Raises ValueError if the chain has forked."""
    (head,) = scripts(chain).get_heads()
    return head
