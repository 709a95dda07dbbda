"""The two chains of migrations, by the names of their files: the service need not load Alembic to know their heads."""

from functools import cache
from pathlib import Path
from typing import Literal

Chain = Literal["public", "tenant"]

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"


@cache
def head_revision(chain: Chain) -> str:
    """The newest revision of one chain. They are numbered: `0001_initial.py` holds revision `0001`."""
    return max(path.name.partition("_")[0] for path in (MIGRATIONS / chain / "versions").glob("[0-9]*_*.py"))
