"""The caller's own passkeys."""

from uuid import UUID

from app.auth import passkeys
from app.auth.dependencies import (
    CurrentRelyingParty,
    CurrentSettings,
    CurrentThrottle,
    InPerson,
    Keys,
    Now,
    PublicSession,
)
from app.auth.second_factor_schemas import (
    PasskeyCreate,
    PasskeyOptionsRead,
    PasskeyRead,
    PasskeysRead,
    PasswordConfirmation,
)
from app.errors import (
    EnrolmentRequired,
    InPersonOnly,
    LinkInvalid,
    PasskeyInvalid,
    PasskeyLimit,
    PasskeyNotFound,
    PasswordWrong,
    TooManyAttempts,
)
from app.routers.operations import LOG_IN_TAG
from app.routers.problems import AUTHENTICATED, ON_ANY_HOST, problems
from app.routers.routing import ApiRouter

router = ApiRouter(
    prefix="/me/passkeys", tags=[LOG_IN_TAG], responses=problems(*ON_ANY_HOST, *AUTHENTICATED, InPersonOnly)
)


@router.post(
    "/options",
    summary="Begin to add a passkey",
    responses=problems(PasswordWrong, TooManyAttempts, PasskeyLimit),
)
async def begin_passkey(
    body: PasswordConfirmation,
    principal: InPerson,
    party: CurrentRelyingParty,
    session: PublicSession,
    keyring: Keys,
    throttle: CurrentThrottle,
    now: Now,
) -> PasskeyOptionsRead:
    """What a browser wants to make a passkey for this host."""
    challenge, options = await passkeys.begin(
        session, keyring, throttle, party, principal, body.current_password, now=now
    )
    return PasskeyOptionsRead(challenge=challenge, public_key=options)


@router.post(
    "",
    status_code=201,
    summary="Add a passkey",
    responses=problems(PasskeyInvalid, LinkInvalid, PasskeyLimit),
)
async def add_passkey(
    body: PasskeyCreate,
    principal: InPerson,
    party: CurrentRelyingParty,
    session: PublicSession,
    keyring: Keys,
    now: Now,
) -> PasskeyRead:
    """Keep the passkey that the browser made. From here on the password alone logs nobody in."""
    row = await passkeys.add(session, keyring, party, principal, body, now=now)
    return PasskeyRead.model_validate(row)


@router.get("", summary="List my passkeys")
async def list_my_passkeys(principal: InPerson, session: PublicSession) -> PasskeysRead:
    """All of them (ten at most), the oldest first."""
    found = await passkeys.find(session, principal.user_id)
    return PasskeysRead(items=[PasskeyRead.model_validate(row) for row in found])


@router.delete(
    "/{passkey_id}",
    status_code=204,
    summary="Delete a passkey",
    responses=problems(PasskeyNotFound, PasswordWrong, TooManyAttempts, EnrolmentRequired),
)
async def delete_passkey(
    passkey_id: UUID,
    body: PasswordConfirmation,
    principal: InPerson,
    session: PublicSession,
    keyring: Keys,
    throttle: CurrentThrottle,
    settings: CurrentSettings,
    now: Now,
) -> None:
    """Forget a passkey: whoever still has it cannot log in with it."""
    confirmed = (passkey_id, body.current_password)
    await passkeys.delete(session, keyring, throttle, settings, principal, *confirmed, now=now)
