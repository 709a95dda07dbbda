"""What users do about their own account, in person."""

from app.auth.dependencies import InPerson, Now, PublicSession
from app.errors import InPersonOnly, PasswordWrong, TooManyAttempts
from app.people import email_change, password_change, verification
from app.people.account_schemas import MAIL_SENT, EmailChange, MailSentRead, PasswordChange
from app.people.dependencies import CurrentPost
from app.routers.problems import AUTHENTICATED, ON_ANY_HOST, problems
from app.routers.routing import ApiRouter

router = ApiRouter(
    prefix="/me",
    tags=["Accounts"],
    responses=problems(*ON_ANY_HOST, *AUTHENTICATED, InPersonOnly, TooManyAttempts),
)


@router.post("/password", status_code=204, summary="Change my password", responses=problems(PasswordWrong))
async def change_password(
    body: PasswordChange, actor: InPerson, session: PublicSession, post: CurrentPost, now: Now
) -> None:
    """Set another password. All other sessions end, and a mail says so."""
    await password_change.change(session, post, actor, body, now=now)


@router.post("/email", status_code=202, summary="Change my e-mail address", responses=problems(PasswordWrong))
async def change_email(
    body: EmailChange, actor: InPerson, session: PublicSession, post: CurrentPost, now: Now
) -> MailSentRead:
    """Send a link to the old and to the new address. The change is made once both have agreed, within a day."""
    await email_change.request(session, post, actor, body, now=now)
    return MAIL_SENT


@router.post("/email/verification", status_code=202, summary="Have my e-mail address confirmed")
async def verify_email(actor: InPerson, session: PublicSession, post: CurrentPost, now: Now) -> MailSentRead:
    """Send a link that confirms the address, good for seven days. If it is confirmed, nothing is sent."""
    await verification.request(session, post, actor, now=now)
    return MAIL_SENT
