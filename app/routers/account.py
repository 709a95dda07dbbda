"""Accounts, for whoever is not logged in: signing up, confirming an address, a forgotten password."""

from fastapi import Depends, Response

from app.auth.dependencies import Cookies, CurrentDevice, LiveSession, Now, PublicSession, refuse_foreign_log_in
from app.errors import CrossSiteRequest, EmailTaken, LinkInvalid, NotFound, SignUpClosed, TooManyAttempts
from app.people import email_change, password_reset, sign_up, verification
from app.people.account_schemas import (
    MAIL_SENT,
    ArrivalRead,
    CodeUse,
    EmailChangeRead,
    ForgottenPassword,
    MailSentRead,
    PasswordReset,
    SignUp,
    SignUpCompletion,
)
from app.people.dependencies import CurrentPost
from app.routers import arrivals
from app.routers.problems import ON_ANY_HOST, problems
from app.routers.routing import ApiRouter
from app.tenancy.dependencies import CurrentHost, CurrentTenant

_own_pages_only = Depends(refuse_foreign_log_in)

router = ApiRouter(prefix="/auth", tags=["Accounts"], responses=problems(*ON_ANY_HOST))


@router.post(
    "/sign-up",
    status_code=202,
    summary="Sign up as a customer",
    responses=problems(NotFound, SignUpClosed, TooManyAttempts),
)
async def sign_up_customer(
    body: SignUp,
    tenant: CurrentTenant,
    session: PublicSession,
    post: CurrentPost,
    device: CurrentDevice,
    now: Now,
) -> MailSentRead:
    """Send a link that makes the account. The answer is the same for an address that has one."""
    await sign_up.sign_up(session, post, tenant, body, device, now=now)
    return MAIL_SENT


@router.post(
    "/confirm-sign-up",
    summary="Finish signing up",
    dependencies=[_own_pages_only],
    responses=problems(LinkInvalid, SignUpClosed, EmailTaken, CrossSiteRequest),
)
async def confirm_sign_up(
    body: SignUpCompletion,
    response: Response,
    host: CurrentHost,
    session: LiveSession,
    post: CurrentPost,
    cookies: Cookies,
    device: CurrentDevice,
    now: Now,
) -> ArrivalRead:
    """Use the link of a mail to choose a password: it makes the account, and logs in."""
    signed_in = await sign_up.complete(session, post, host, body, device, now=now)
    return arrivals.answer(signed_in, response, cookies)


@router.post("/confirm-email", status_code=204, summary="Confirm an e-mail address", responses=problems(LinkInvalid))
async def confirm_email(body: CodeUse, host: CurrentHost, session: PublicSession, post: CurrentPost, now: Now) -> None:
    """Use the link of a mail to show that the address is one's own."""
    await verification.confirm(session, post, host, body.token, now=now)


@router.post("/forgot-password", status_code=202, summary="Ask for a new password", responses=problems(TooManyAttempts))
async def forgot_password(
    body: ForgottenPassword,
    host: CurrentHost,
    session: PublicSession,
    post: CurrentPost,
    device: CurrentDevice,
    now: Now,
) -> MailSentRead:
    """Send a link to set a new password, good for an hour. The answer is the same where nobody has this address."""
    await password_reset.request(session, post, host, body.email, device, now=now)
    return MAIL_SENT


@router.post(
    "/reset-password",
    summary="Set a new password",
    dependencies=[_own_pages_only],
    responses=problems(LinkInvalid, CrossSiteRequest),
)
async def reset_password(
    body: PasswordReset,
    response: Response,
    host: CurrentHost,
    session: PublicSession,
    post: CurrentPost,
    cookies: Cookies,
    device: CurrentDevice,
    now: Now,
) -> ArrivalRead:
    """Use the link of a mail. All sessions end; a second factor is still asked for at the log-in that follows."""
    signed_in = await password_reset.reset(session, post, host, body, device, now=now)
    return arrivals.answer(signed_in, response, cookies)


@router.post(
    "/confirm-email-change",
    summary="Agree to a change of e-mail address",
    responses=problems(LinkInvalid, EmailTaken),
)
async def confirm_email_change(
    body: CodeUse, host: CurrentHost, session: PublicSession, post: CurrentPost, now: Now
) -> EmailChangeRead:
    """Use the link to the old or to the new address. The change is made once both have agreed."""
    return await email_change.confirm(session, post, host, body.token, now=now)
