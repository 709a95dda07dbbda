"""Which subscriptions an event meets: its type, its family as `appointment.*`, and `*`. A test meets none."""

from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, func
from sqlalchemy.dialects.postgresql import array

from app.events.catalogue import SUBSCRIBABLE, EventType


def subscriptions_matching(kind: str) -> list[str]:
    """The subscriptions that an event of this type meets."""
    return [kind, f"{kind.partition('.')[0]}.*", "*"] if kind in SUBSCRIBABLE else []


def meets(kind: SQLColumnExpression[str], subscriptions: SQLColumnExpression[Any]) -> ColumnElement[bool]:
    """The same, asked of rows: whether an event of this type meets any of these subscriptions."""
    met = array([kind, func.split_part(kind, ".", 1) + ".*", "*"])
    return and_(kind != EventType.WEBHOOK_TEST.value, subscriptions.op("&&")(met))
