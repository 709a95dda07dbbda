"""Inviting people, and accepting."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response

from app.auth.dependencies import (
    CanReadStaff,
    CanWriteCustomers,
    CanWriteStaff,
    Cookies,
    CurrentDevice,
    LiveSession,
    Now,
    PublicSession,
    TenantSession,
    refuse_foreign_log_in,
)
from app.errors import (
    AlreadyInvited,
    CrossSiteRequest,
    CursorInvalid,
    CustomerNotFound,
    EmailTaken,
    InvitationNotFound,
    LinkInvalid,
    RoleDenied,
    TierLimit,
    TooManyAttempts,
)
from app.people import acceptance, customer_accounts, invitations
from app.people.account_schemas import ArrivalRead
from app.people.dependencies import CurrentPost
from app.people.staff_schemas import InvitationAccept, InvitationCreate, InvitationFilters, InvitationRead
from app.routers import arrivals
from app.routers.pages import PageRead
from app.routers.problems import IN_LIVE_MODE, ON_ANY_HOST, problems
from app.routers.routing import ApiRouter
from app.tenancy.dependencies import CurrentHost

_own_pages_only = Depends(refuse_foreign_log_in)

router = ApiRouter(tags=["Invitations"])


@router.post(
    "/invitations",
    status_code=201,
    summary="Invite somebody to work here",
    responses=problems(*IN_LIVE_MODE, RoleDenied, EmailTaken, AlreadyInvited, TierLimit, TooManyAttempts),
)
async def create_invitation(
    body: InvitationCreate, actor: CanWriteStaff, session: PublicSession, post: CurrentPost, now: Now
) -> InvitationRead:
    """Send somebody a link that makes them a colleague. It is good for seven days, once."""
    return await invitations.invite(session, post, actor, body, now=now)


@router.get("/invitations", summary="List invitations", responses=problems(*IN_LIVE_MODE, CursorInvalid))
async def list_invitations(
    actor: CanReadStaff, session: PublicSession, filters: Annotated[InvitationFilters, Query()], now: Now
) -> PageRead[InvitationRead]:
    """The invitations that were neither accepted nor withdrawn, newest first."""
    return PageRead[InvitationRead].model_validate(await invitations.find(session, actor, filters, now=now))


@router.post(
    "/invitations/accept",
    summary="Accept an invitation",
    dependencies=[_own_pages_only],
    responses=problems(*ON_ANY_HOST, LinkInvalid, EmailTaken, TierLimit, CrossSiteRequest),
)
async def accept_invitation(
    body: InvitationAccept,
    response: Response,
    host: CurrentHost,
    session: LiveSession,
    post: CurrentPost,
    cookies: Cookies,
    device: CurrentDevice,
    now: Now,
) -> ArrivalRead:
    """Become a user of this host by the link of a mail. Somebody who is a customer here takes on the new role."""
    signed_in = await acceptance.accept(session, post, host, body, device, now=now)
    return arrivals.answer(signed_in, response, cookies)


@router.delete(
    "/invitations/{invitation_id}",
    status_code=204,
    summary="Withdraw an invitation",
    responses=problems(*IN_LIVE_MODE, InvitationNotFound, RoleDenied),
)
async def withdraw_invitation(invitation_id: UUID, actor: CanWriteStaff, session: PublicSession, now: Now) -> None:
    """Make the link worthless."""
    await invitations.withdraw(session, actor, invitation_id, now=now)


@router.post(
    "/invitations/{invitation_id}/resend",
    summary="Send an invitation again",
    responses=problems(*IN_LIVE_MODE, InvitationNotFound, RoleDenied, TierLimit, TooManyAttempts),
)
async def resend_invitation(
    invitation_id: UUID, actor: CanWriteStaff, session: PublicSession, post: CurrentPost, now: Now
) -> InvitationRead:
    """Send a new link, good for another seven days; the one before is dead."""
    return await invitations.resend(session, post, actor, invitation_id, now=now)


@router.post(
    "/customers/{customer_id}/invitation",
    status_code=201,
    summary="Invite a customer to log in",
    responses=problems(*IN_LIVE_MODE, CustomerNotFound, EmailTaken, AlreadyInvited, TooManyAttempts),
)
async def invite_customer(
    customer_id: UUID, actor: CanWriteCustomers, session: TenantSession, post: CurrentPost, now: Now
) -> InvitationRead:
    """Send a customer a link that makes them a log-in of their own. An open link of theirs is replaced."""
    return await customer_accounts.invite(session, post, actor, customer_id, now=now)
