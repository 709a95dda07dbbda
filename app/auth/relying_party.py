"""WebAuthn's side of us: what a passkey is bound to, and what an answer of one is worth."""

from dataclasses import dataclass
from typing import Any

import webauthn
from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
from webauthn.helpers import base64url_to_bytes, parse_authentication_credential_json
from webauthn.helpers.structs import AuthenticationCredential
from webauthn.registration.verify_registration_response import VerifiedRegistration

from app.errors import PasskeyInvalid


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """The host that a passkey is made for and used at: no other can ask for it, since browsers see to that."""

    id: str
    origin: str
    name: str


def read(credential: dict[str, Any]) -> AuthenticationCredential:
    """An answer of a passkey as a browser sends it. Raises PasskeyInvalid."""
    try:
        return parse_authentication_credential_json(credential)
    except Exception as error:  # whatever the library makes of a document that anybody can send
        raise PasskeyInvalid("This is not an answer of a passkey.") from error


def verify_new(party: RelyingParty, credential: dict[str, Any], challenge: str) -> VerifiedRegistration:
    """A passkey that was made for this challenge, here. Raises PasskeyInvalid."""
    try:
        return webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=party.id,
            expected_origin=party.origin,
        )
    except Exception as error:
        raise PasskeyInvalid("The passkey was not made for this host, or not for this challenge.") from error


def verify(
    party: RelyingParty,
    credential: AuthenticationCredential,
    challenge: str,
    public_key: bytes,
    *,
    must_know_user: bool,
) -> VerifiedAuthentication:
    """An answer to this challenge, here, signed with that key; the counter in it is the caller's to compare.

    With `must_know_user` the device has asked for a PIN or a finger as well. Raises PasskeyInvalid.
    """
    try:
        return webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=public_key,
            credential_current_sign_count=0,
            require_user_verification=must_know_user,
        )
    except Exception as error:
        raise PasskeyInvalid(
            "The answer is not for this host, not for this challenge, or not this passkey's."
        ) from error
