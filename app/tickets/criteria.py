"""What tickets are looked for by: in a list, and by a view that is kept."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, false, func, literal_column, or_, true

from app.auth.principals import Principal
from app.db.conditions import contains, equals, is_among, is_set
from app.models.tenant import TicketMessageRow, TicketRow
from app.models.tenant.ticket_message import WORDS
from app.tickets.access import CUSTOMER, messages_for, side_of
from app.tickets.lifecycle import OVER
from app.tickets.schemas.tickets import TicketCriteria

_MOST_DIGITS = 18


def matching(actor: Principal, criteria: TicketCriteria, *, now: datetime) -> Sequence[ColumnElement[bool]]:
    """What a ticket must be to match, as the caller sees it."""
    row = TicketRow
    return (
        is_among(row.status, criteria.status),
        equals(row.priority, criteria.priority),
        equals(row.category, criteria.category),
        equals(row.assignee_id, actor.user_id if criteria.mine else criteria.assignee_id),
        is_set(row.assignee_id, None if criteria.unassigned is None else not criteria.unassigned),
        _is_late(actor, criteria.overdue, now),
        _speaks_of(actor, criteria.q),
    )


def is_overdue(now: datetime) -> ColumnElement[bool]:
    """The ticket was to be answered or resolved before this instant, and is not."""
    row = TicketRow
    is_unanswered = and_(row.first_responded_at.is_(None), func.coalesce(row.first_response_due_at <= now, false()))
    is_unresolved = func.coalesce(row.resolution_due_at <= now, false())
    return and_(row.status.not_in(sorted(OVER)), or_(is_unanswered, is_unresolved))


def _is_late(actor: Principal, wanted: bool | None, now: datetime) -> ColumnElement[bool]:
    """Customers are not told by when something was promised, in no way."""
    if wanted is None or side_of(actor) == CUSTOMER:
        return true()
    return is_overdue(now) if wanted else ~is_overdue(now)


def _speaks_of(actor: Principal, text: str | None) -> ColumnElement[bool]:
    """The subject contains it, something that the caller may read has its words, or it is the number."""
    if text is None:
        return true()
    message = TicketMessageRow
    words = func.websearch_to_tsquery(literal_column(WORDS), text)
    said = messages_for(actor).where(
        message.ticket_id == TicketRow.id,
        func.to_tsvector(literal_column(WORDS), message.body).bool_op("@@")(words),
    )
    number = text.removeprefix("#")
    is_number = number.isascii() and number.isdigit() and len(number) <= _MOST_DIGITS
    by_number = TicketRow.number == int(number) if is_number else false()
    return or_(contains(text, TicketRow.subject), exists(said), by_number)
