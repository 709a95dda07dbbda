"""Logging in with a passkey: alone, or as the second factor after the password."""

from datetime import datetime
from typing import Any

import webauthn
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from webauthn.helpers import base64url_to_bytes, options_to_json_dict
from webauthn.helpers.structs import AuthenticationCredential, UserVerificationRequirement

from app.auth import accounts, one_time_codes, passkeys, relying_party, sessions
from app.auth.devices import Device
from app.auth.log_in import refuse
from app.auth.methods import Method
from app.auth.one_time_codes import Purpose
from app.auth.relying_party import RelyingParty
from app.auth.second_factor_schemas import PasskeyLogIn
from app.auth.sessions import SignedIn
from app.auth.throttle import ADDRESS, Throttle, address_of
from app.core.crypto import Keyring
from app.errors import PasskeyInvalid
from app.models.public import OneTimeCodeRow, PasskeyRow, UserRow
from app.tenancy.hosts import Host


async def begin(
    session: AsyncSession, keyring: Keyring, host: Host, party: RelyingParty, pending: str | None, *, now: datetime
) -> tuple[str, dict[str, Any]]:
    """A challenge for a passkey, and the options that the browser wants for it.

    `pending` is the challenge of a log-in that waits for its second factor, and goes on waiting: then the passkeys of
    its user are named. Without it whoever has a passkey for this host may answer, and has to show a PIN or a finger.
    Raises LinkInvalid.
    """
    tenant_id = host.tenant.id if host.tenant else None
    first: OneTimeCodeRow | None = None
    if pending is not None:
        first = await one_time_codes.require(
            session, keyring, Purpose.SECOND_FACTOR, pending, tenant_id=tenant_id, now=now
        )
    challenge = await one_time_codes.issue(
        session,
        keyring,
        Purpose.PASSKEY_LOG_IN,
        ttl=passkeys.CHALLENGE_TTL,
        now=now,
        user_id=first.user_id if first else None,
        tenant_id=tenant_id,
        payload={"methods": first.payload["methods"] if first else []},
    )
    known = await passkeys.find(session, first.user_id) if first and first.user_id else []
    options = webauthn.generate_authentication_options(
        rp_id=party.id,
        challenge=base64url_to_bytes(challenge),
        allow_credentials=passkeys.descriptors(known),
        user_verification=UserVerificationRequirement.PREFERRED if first else UserVerificationRequirement.REQUIRED,
    )
    return challenge, options_to_json_dict(options)


async def finish(
    session: AsyncSession,
    keyring: Keyring,
    throttle: Throttle,
    host: Host,
    party: RelyingParty,
    data: PasskeyLogIn,
    *,
    device: Device,
    now: datetime,
) -> SignedIn:
    """Start a session by a passkey's answer to a challenge, which is used up by it, right or wrong.

    Raises LinkInvalid, PasskeyInvalid and TooManyAttempts.
    """
    address = (ADDRESS, address_of(device.ip_address))
    await throttle.count(address, now=now)
    answer = relying_party.read(data.credential)
    held = await _hold_user(session, host, answer)
    tenant_id, purpose = host.tenant.id if host.tenant else None, Purpose.PASSKEY_LOG_IN
    pending = await one_time_codes.redeem(session, keyring, purpose, data.challenge, tenant_id=tenant_id, now=now)
    is_alone = pending.user_id is None
    try:
        user, passkey = await _require(session, held, pending, answer)
        verified = relying_party.verify(party, answer, data.challenge, passkey.public_key, must_know_user=is_alone)
        _check_counter(passkey, verified.new_sign_count)
    except PasskeyInvalid as problem:
        refuse(session, held, Method.PASSKEY, problem.detail)
        raise
    passkey.sign_count, passkey.last_used_at = verified.new_sign_count, now
    await one_time_codes.withdraw(session, user.id, Purpose.SECOND_FACTOR)
    await throttle.take_back(session, address)
    methods = [*map(Method, pending.payload["methods"]), Method.PASSKEY]
    return await sessions.start(session, keyring, host, user, device, methods, now=now)


async def _hold_user(session: AsyncSession, host: Host, answer: AuthenticationCredential) -> UserRow | None:
    """Whose passkey answers, among the users of this host."""
    query = (
        select(UserRow.id)
        .join(PasskeyRow, PasskeyRow.user_id == UserRow.id)
        .where(PasskeyRow.credential_id == answer.raw_id, accounts.belongs_to(host))
    )
    return await accounts.hold(session, (await session.scalars(query)).one_or_none())


async def _require(
    session: AsyncSession, user: UserRow | None, pending: OneTimeCodeRow, answer: AuthenticationCredential
) -> tuple[UserRow, PasskeyRow]:
    """The passkey that answers, with its user, if the challenge was theirs or anybody's. Raises PasskeyInvalid.

    A passkey that answers alone says whose it is; what it says must be true in any case.
    """
    passkey = (await session.scalars(select(PasskeyRow).where(PasskeyRow.credential_id == answer.raw_id))).one_or_none()
    if user is None or passkey is None:
        raise PasskeyInvalid
    said = answer.response.user_handle
    names_nobody = said is None and pending.user_id is None
    if names_nobody or said not in {None, user.id.bytes} or pending.user_id not in {None, user.id}:
        raise PasskeyInvalid("The passkey is somebody else's, or does not say whose it is.")
    return user, passkey


def _check_counter(passkey: PasskeyRow, count: int) -> None:
    """See that a counter that counts goes up. Raises PasskeyInvalid."""
    if (count or passkey.sign_count) and count <= passkey.sign_count:
        raise PasskeyInvalid("The passkey's counter went back: there may be a copy of it.")
