"""Whose events a request brings about."""

from typing import Any

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import FieldError, ValidationFailed
from app.events.origin import LONGEST, Origin, is_operation_id, originate

HEADER = "X-Operation-Id"


def originate_by(request: Request, session: AsyncSession) -> None:
    """Have the session's events name the caller, and what they call this operation. Raises ValidationFailed."""
    op_id = request.headers.get(HEADER)
    if op_id is not None and not is_operation_id(op_id):
        raise ValidationFailed(
            errors=[
                FieldError(
                    HEADER,
                    "must be 1 to {most} printable characters of ASCII",
                    code="characters",
                    params={"most": LONGEST},
                )
            ]
        )

    def origin() -> Origin:
        caller: Any = getattr(request.state, "principal", None)
        return Origin(caller.user_id if caller else None, op_id)

    originate(session, origin)
