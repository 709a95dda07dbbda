"""A user's passkeys: added, listed, deleted."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import webauthn
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from webauthn.helpers import base64url_to_bytes, options_to_json_dict
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from app.audit.context import Subject
from app.audit.events import AuditEvent
from app.audit.recording import record
from app.auth import one_time_codes, relying_party, second_factor, second_factor_notices
from app.auth.accounts import hold
from app.auth.one_time_codes import Purpose
from app.auth.principals import Principal
from app.auth.reauthentication import confirm_password
from app.auth.relying_party import RelyingParty
from app.auth.second_factor_schemas import PasskeyCreate
from app.auth.throttle import Throttle
from app.core.crypto import Keyring
from app.core.ids import uuid7
from app.errors import LinkInvalid, PasskeyLimit, PasskeyNotFound
from app.models.public import PasskeyRow
from app.settings import Settings

LIMIT = 10
CHALLENGE_TTL = timedelta(minutes=5)
_TRANSPORTS = frozenset(transport.value for transport in AuthenticatorTransport)


async def begin(
    session: AsyncSession,
    keyring: Keyring,
    throttle: Throttle,
    party: RelyingParty,
    principal: Principal,
    password: str,
    *,
    now: datetime,
) -> tuple[str, dict[str, Any]]:
    """A challenge to make a passkey for, and the options that the browser wants for it.

    Raises PasswordWrong, TooManyAttempts and PasskeyLimit.
    """
    user = await confirm_password(session, throttle, principal, password, now=now)
    known = await find(session, user.id)
    if len(known) >= LIMIT:
        raise PasskeyLimit
    challenge = await one_time_codes.issue(
        session,
        keyring,
        Purpose.PASSKEY_REGISTRATION,
        ttl=CHALLENGE_TTL,
        now=now,
        user_id=user.id,
        tenant_id=user.tenant_id,
    )
    options = webauthn.generate_registration_options(
        rp_id=party.id,
        rp_name=party.name,
        user_id=user.id.bytes,
        user_name=user.email,
        user_display_name=user.name,
        challenge=base64url_to_bytes(challenge),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED,
            user_verification=UserVerificationRequirement.PREFERRED,
        ),
        exclude_credentials=descriptors(known),
    )
    return challenge, options_to_json_dict(options)


async def add(
    session: AsyncSession,
    keyring: Keyring,
    party: RelyingParty,
    principal: Principal,
    data: PasskeyCreate,
    *,
    now: datetime,
) -> PasskeyRow:
    """Keep the passkey that was made for a challenge, which is used up by it.

    Raises LinkInvalid, PasskeyInvalid and PasskeyLimit.
    """
    tenant_id = principal.tenant.id if principal.tenant else None
    user = await hold(session, principal.user_id)
    code = await one_time_codes.redeem(
        session, keyring, Purpose.PASSKEY_REGISTRATION, data.challenge, tenant_id=tenant_id, now=now
    )
    if user is None or code.user_id != user.id:
        raise LinkInvalid
    made = relying_party.verify_new(party, data.credential, data.challenge)
    if len(await find(session, user.id)) >= LIMIT:
        raise PasskeyLimit
    row = PasskeyRow(
        id=uuid7(),
        user_id=user.id,
        credential_id=made.credential_id,
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
        transports=_transports(data.credential),
        name=data.name,
        created_at=now,
        last_used_at=None,
    )
    session.add(row)
    record(session, AuditEvent.PASSKEY_ADDED, about=Subject("passkey", row.id))
    await second_factor_notices.tell(session, keyring, user, "passkey_added", now=now)
    return row


async def find(session: AsyncSession, user_id: UUID) -> Sequence[PasskeyRow]:
    """The user's passkeys, the oldest first."""
    query = select(PasskeyRow).where(PasskeyRow.user_id == user_id).order_by(PasskeyRow.id)
    return (await session.scalars(query)).all()


async def delete(
    session: AsyncSession,
    keyring: Keyring,
    throttle: Throttle,
    settings: Settings,
    principal: Principal,
    passkey_id: UUID,
    password: str,
    *,
    now: datetime,
) -> None:
    """Forget a passkey. Whoever still has it cannot log in with it.

    Raises PasswordWrong, TooManyAttempts, PasskeyNotFound, and EnrolmentRequired for whoever may not be without a
    second factor.
    """
    user = await confirm_password(session, throttle, principal, password, now=now)
    query = select(PasskeyRow).where(PasskeyRow.id == passkey_id, PasskeyRow.user_id == user.id)
    row = (await session.scalars(query)).one_or_none()
    if row is None:
        raise PasskeyNotFound
    await session.delete(row)
    await session.flush()
    await second_factor.require_left(session, settings, user)
    record(session, AuditEvent.PASSKEY_DELETED, about=Subject("passkey", passkey_id))
    await second_factor_notices.tell(session, keyring, user, "passkey_removed", now=now)


def descriptors(rows: Sequence[PasskeyRow]) -> list[PublicKeyCredentialDescriptor]:
    """What a browser has to know of passkeys to find them."""
    return [
        PublicKeyCredentialDescriptor(
            id=row.credential_id, transports=[AuthenticatorTransport(each) for each in row.transports]
        )
        for row in rows
    ]


def _transports(credential: dict[str, Any]) -> list[str]:
    """How the browser says that it reaches the passkey; whatever else stands there."""
    said = credential["response"].get("transports")
    return sorted(_TRANSPORTS & {each for each in said if isinstance(each, str)}) if isinstance(said, list) else []
