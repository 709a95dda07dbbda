"""Permissions that colleagues lend each other for a while."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query

from app.auth import lending
from app.auth.dependencies import CanReadGrants, CanWriteGrants, Keys, Now, PublicSession
from app.auth.grant_schemas import GrantCreate, GrantFilters, GrantRead, GrantRevoke, GrantsRead
from app.auth.lending import Lent
from app.errors import CursorInvalid, GrantDenied, GrantNotFound, UserNotFound
from app.routers.pages import PageRead
from app.routers.problems import IN_LIVE_MODE, problems
from app.routers.routing import ApiRouter

router = ApiRouter(prefix="/grants", tags=["Permission grants"], responses=problems(*IN_LIVE_MODE))


def _answer(lent: Iterable[Lent], now: datetime) -> list[GrantRead]:
    return [GrantRead.of(each.row, each.grantor, each.grantee, now=now) for each in lent]


@router.post("", status_code=201, summary="Lend permissions", responses=problems(UserNotFound, GrantDenied))
async def give_grants(
    body: GrantCreate, actor: CanWriteGrants, session: PublicSession, keyring: Keys, now: Now
) -> GrantsRead:
    """Lend a colleague permissions of your own role, for half an hour unless you say otherwise. They count at once."""
    return GrantsRead(items=_answer(await lending.give(session, keyring, actor, body, now=now), now))


@router.get("", summary="List lent permissions", responses=problems(CursorInvalid))
async def list_grants(
    actor: CanReadGrants, session: PublicSession, filters: Annotated[GrantFilters, Query()], now: Now
) -> PageRead[GrantRead]:
    """What was lent here, newest first."""
    found = await lending.find(session, actor, filters, now=now)
    return PageRead[GrantRead].model_validate(found.holding(_answer(found.items, now)))


@router.post("/revoke", summary="Take several permissions back")
async def revoke_grants(body: GrantRevoke, actor: CanWriteGrants, session: PublicSession, now: Now) -> GrantsRead:
    """Take back what of these has not ended and you may take back. The answer says what that was."""
    return GrantsRead(items=_answer(await lending.revoke_many(session, actor, body, now=now), now))


@router.post("/{grant_id}/revoke", summary="Take a permission back", responses=problems(GrantNotFound))
async def revoke_grant(grant_id: UUID, actor: CanWriteGrants, session: PublicSession, now: Now) -> GrantRead:
    """Take a lent permission back at once. One that has ended is answered as it is."""
    (answer,) = _answer([await lending.revoke(session, actor, grant_id, now=now)], now)
    return answer
