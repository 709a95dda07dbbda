"""Where the caller is logged in."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from app.auth import session_list
from app.auth.dependencies import InPerson, Now, PublicSession
from app.auth.session_schemas import MySessionFilters, MySessionRead, SessionsEnded
from app.errors import CursorInvalid, InPersonOnly, SessionNotFound
from app.routers.operations import LOG_IN_TAG
from app.routers.pages import PageRead
from app.routers.problems import AUTHENTICATED, ON_ANY_HOST, problems
from app.routers.routing import ApiRouter

router = ApiRouter(
    prefix="/me/sessions", tags=[LOG_IN_TAG], responses=problems(*ON_ANY_HOST, *AUTHENTICATED, InPersonOnly)
)


@router.get("", summary="List my sessions", responses=problems(CursorInvalid))
async def list_my_sessions(
    principal: InPerson, session: PublicSession, filters: Annotated[MySessionFilters, Query()], now: Now
) -> PageRead[MySessionRead]:
    """The caller's log-ins that last, newest first, each with its device and place."""
    found = await session_list.find(session, principal, filters, now=now)
    mine = [MySessionRead.of(row, principal) for row in found.items]
    return PageRead[MySessionRead].model_validate(found.holding(mine))


@router.delete("", summary="End my other sessions")
async def end_my_other_sessions(principal: InPerson, session: PublicSession, now: Now) -> SessionsEnded:
    """Log out everywhere but here, at once. Whoever acts in the caller's place is out, too."""
    ended = await session_list.end_all(session, principal.user_id, now=now, but=principal.session_id)
    return SessionsEnded(ended=ended)


@router.delete("/{session_id}", status_code=204, summary="End a session of mine", responses=problems(SessionNotFound))
async def end_my_session(session_id: UUID, principal: InPerson, session: PublicSession, now: Now) -> None:
    """Log out on one device, at once."""
    await session_list.revoke(session, principal, session_id, now=now)
