"""The caller's own second factor: an authenticator app, and the recovery codes that stand in for it."""

from app.auth import enrolment, second_factor
from app.auth.dependencies import CurrentSettings, CurrentThrottle, InPerson, Keys, Now, PublicSession
from app.auth.second_factor_schemas import (
    PasswordConfirmation,
    RecoveryCodesRead,
    SecondFactorRead,
    TotpConfirmation,
    TotpRead,
    TotpRemoval,
)
from app.errors import (
    EnrolmentRequired,
    InPersonOnly,
    PasswordWrong,
    SecondFactorInvalid,
    SecondFactorMissing,
    SecondFactorPresent,
    TooManyAttempts,
)
from app.routers.operations import LOG_IN_TAG
from app.routers.problems import AUTHENTICATED, ON_ANY_HOST, problems
from app.routers.routing import ApiRouter

router = ApiRouter(prefix="/me", tags=[LOG_IN_TAG], responses=problems(*ON_ANY_HOST, *AUTHENTICATED, InPersonOnly))


@router.get("/second-factor", summary="What my log-in asks for")
async def get_my_second_factor(principal: InPerson, session: PublicSession) -> SecondFactorRead:
    """Which factors the caller has set up beside the password."""
    return SecondFactorRead.model_validate(await second_factor.overview(session, principal.user_id))


@router.post(
    "/totp",
    summary="Set an authenticator app up",
    responses=problems(PasswordWrong, TooManyAttempts, SecondFactorPresent),
)
async def begin_totp(
    body: PasswordConfirmation,
    principal: InPerson,
    session: PublicSession,
    keyring: Keys,
    throttle: CurrentThrottle,
    now: Now,
) -> TotpRead:
    """Make a secret for the app. It counts once a first code has confirmed it."""
    made = await enrolment.begin(session, keyring, throttle, principal, body.current_password, now=now)
    return TotpRead.model_validate(made)


@router.post(
    "/totp/confirm",
    summary="Turn the authenticator app on",
    responses=problems(SecondFactorInvalid, TooManyAttempts, SecondFactorPresent, SecondFactorMissing),
)
async def confirm_totp(
    body: TotpConfirmation,
    principal: InPerson,
    session: PublicSession,
    keyring: Keys,
    throttle: CurrentThrottle,
    now: Now,
) -> RecoveryCodesRead:
    """Prove that the app has the secret. The answer is ten recovery codes, shown this once."""
    codes = await enrolment.confirm(session, keyring, throttle, principal, body.code, now=now)
    return RecoveryCodesRead(recovery_codes=codes)


@router.delete(
    "/totp",
    status_code=204,
    summary="Give the authenticator app up",
    responses=problems(PasswordWrong, SecondFactorInvalid, TooManyAttempts, SecondFactorMissing, EnrolmentRequired),
)
async def remove_totp(
    body: TotpRemoval,
    principal: InPerson,
    session: PublicSession,
    keyring: Keys,
    throttle: CurrentThrottle,
    settings: CurrentSettings,
    now: Now,
) -> None:
    """Remove the app and the recovery codes, by the password and one more code of either."""
    await enrolment.give_up(session, keyring, throttle, settings, principal, body, now=now)


@router.post(
    "/recovery-codes",
    summary="Make new recovery codes",
    responses=problems(PasswordWrong, TooManyAttempts, SecondFactorMissing),
)
async def renew_recovery_codes(
    body: PasswordConfirmation,
    principal: InPerson,
    session: PublicSession,
    keyring: Keys,
    throttle: CurrentThrottle,
    now: Now,
) -> RecoveryCodesRead:
    """Ten new codes, shown this once. Those before no longer count."""
    codes = await enrolment.renew_codes(session, keyring, throttle, principal, body.current_password, now=now)
    return RecoveryCodesRead(recovery_codes=codes)
