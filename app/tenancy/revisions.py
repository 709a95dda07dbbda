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
    """The newest revision of one chain."""
    head = scripts(chain).get_current_head()
    if head is None:
        raise RuntimeError(f"migrations/{chain} holds no revision")
    return head
