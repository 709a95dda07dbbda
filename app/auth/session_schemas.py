"""A user's sessions as they travel."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from app.auth.devices import label_of
from app.auth.methods import Method
from app.auth.principals import Principal
from app.auth.session_limits import limits_of
from app.core.filters import Dated
from app.core.pagination import ORDER, Ids, PageRequest
from app.core.schemas import ResponseModel
from app.models.public import UserSessionRow


class MySessionRead(ResponseModel):
    id: UUID
    device: str
    """The program and the system, as `Firefox on Linux`."""
    place: str | None
    """City and country, where the server knows them."""
    ip_address: str | None
    methods: list[Method]
    """How the log-in was made: `pwd`, `otp`, `recovery`, `webauthn`, `link`."""
    created_at: datetime
    last_used_at: datetime
    """To the quarter of an hour: when its tokens were given out last."""
    expires_at: datetime
    """When it ends if it is not used before."""
    is_current: bool

    @classmethod
    def of(cls, row: UserSessionRow, principal: Principal) -> Self:
        """A stored session of the caller's."""
        return cls(
            id=row.id,
            device=label_of(row.user_agent),
            place=row.place,
            ip_address=row.ip_address,
            methods=[Method(method) for method in row.methods],
            created_at=row.created_at,
            last_used_at=row.rotated_at,
            expires_at=limits_of(principal.role).end(rotated_at=row.rotated_at, expires_at=row.expires_at),
            is_current=row.id == principal.session_id,
        )


class MySessionFilters(Dated, PageRequest):
    """Which of the caller's sessions are wanted, and which page of them."""

    sort: Annotated[Literal["created_at", "-created_at", "last_used_at", "-last_used_at"], ORDER] = "-created_at"
    ids: Ids = ()


class SessionsEnded(ResponseModel):
    ended: int
    """How many sessions that was."""
