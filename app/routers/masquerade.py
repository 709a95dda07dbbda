"""Acting in another's place."""

from typing import Annotated

from fastapi import Depends, Query, Response

from app.auth import masquerade, masquerade_candidates
from app.auth.dependencies import (
    CanBeginMasquerade,
    CanMasquerade,
    Cookies,
    CurrentDevice,
    CurrentPrincipal,
    CurrentSettings,
    Keys,
    Now,
    PublicSession,
    refuse_foreign_log_in,
)
from app.auth.masquerade import Handover
from app.auth.masquerade_schemas import (
    CandidateFilters,
    CandidateRead,
    HandoverCode,
    HandoverRead,
    MasqueradeCreate,
    MasqueradeRedeem,
    MasqueradeSessionRead,
)
from app.errors import (
    AlreadyMasquerading,
    CrossSiteRequest,
    CursorInvalid,
    LinkInvalid,
    MasqueradeDenied,
    NotMasquerading,
)
from app.routers import session_cookies
from app.routers.pages import PageRead
from app.routers.problems import AUTHENTICATED, IN_LIVE_MODE, ON_ANY_HOST, problems
from app.routers.routing import ApiRouter
from app.tenancy.dependencies import CurrentHost

router = ApiRouter(prefix="/masquerade", tags=["Masquerade"], responses=problems(*ON_ANY_HOST))

_own_pages_only = Depends(refuse_foreign_log_in)


@router.post("", summary="Begin a masquerade", responses=problems(*IN_LIVE_MODE, MasqueradeDenied, AlreadyMasquerading))
async def begin_masquerade(
    body: MasqueradeCreate,
    actor: CanBeginMasquerade,
    host: CurrentHost,
    session: PublicSession,
    keyring: Keys,
    settings: CurrentSettings,
    cookies: Cookies,
    device: CurrentDevice,
    now: Now,
    response: Response,
) -> MasqueradeSessionRead | HandoverRead:
    """Act in a user's place for half an hour at most. They and the owners of their business are told.

    For a user of another host the answer is a code that begins it there.
    """
    begun = await masquerade.begin(session, keyring, settings, host, actor, body, device=device, now=now)
    if isinstance(begun, Handover):
        return HandoverRead(handover=HandoverCode.model_validate(begun))
    return session_cookies.answer_masquerade(begun, response, cookies)


@router.post(
    "/redeem",
    summary="Take a masquerade over",
    dependencies=[_own_pages_only],
    responses=problems(LinkInvalid, MasqueradeDenied, CrossSiteRequest),
)
async def redeem_masquerade(
    body: MasqueradeRedeem,
    host: CurrentHost,
    session: PublicSession,
    keyring: Keys,
    cookies: Cookies,
    device: CurrentDevice,
    now: Now,
    response: Response,
) -> MasqueradeSessionRead:
    """Begin at this host what the platform's host handed over. The code works once, within a minute."""
    begun = await masquerade.redeem(session, keyring, host, body.code, device=device, now=now)
    return session_cookies.answer_masquerade(begun, response, cookies)


@router.delete("", status_code=204, summary="End the masquerade", responses=problems(*AUTHENTICATED, NotMasquerading))
async def end_masquerade(
    principal: CurrentPrincipal, session: PublicSession, cookies: Cookies, now: Now, response: Response
) -> None:
    """Stop acting in the user's place, at once. A browser that refreshes its session then is in its own again."""
    await masquerade.end(session, principal, now=now)
    response.delete_cookie(cookies.access, secure=cookies.secure, httponly=True, samesite="lax")


@router.get("/candidates", summary="List whom I can act as", responses=problems(*IN_LIVE_MODE, CursorInvalid))
async def list_candidates(
    actor: CanMasquerade, session: PublicSession, filters: Annotated[CandidateFilters, Query()], now: Now
) -> PageRead[CandidateRead]:
    """Those in whose place the caller may act now, newest first."""
    found = await masquerade_candidates.find(session, actor, filters, now=now)
    candidates = [CandidateRead.of(each.user, each.tenant) for each in found.items]
    return PageRead[CandidateRead].model_validate(found.holding(candidates))
