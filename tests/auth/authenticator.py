"""A passkey in software, as a phone or a security key has it, and the browser before it. It can be told to lie."""

import hashlib
import json
import secrets
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

_PRESENT, _VERIFIED, _ATTESTED = 1 << 0, 1 << 2, 1 << 6
_AAGUID = bytes(16)


def encode(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Authenticator:
    """One passkey. What it believes of the site comes from the options, unless a test says otherwise."""

    origin: str
    knows_user: bool = True
    """Whether it asks for a PIN or a finger."""
    sign_count: int = 0
    steps: int = 1
    """By how much its counter goes up with each use; 0 for one that does not count."""
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    user_handle: bytes | None = None
    rp_id: str | None = None
    """Set to lie about the site."""
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def make(self, options: dict[str, Any]) -> dict[str, Any]:
        """What `navigator.credentials.create()` gives for these options."""
        self.user_handle = decode(options["user"]["id"])
        credential_data = _AAGUID + len(self.credential_id).to_bytes(2, "big") + self.credential_id + self._public_key()
        data = self._data(options["rp"]["id"], _ATTESTED) + credential_data
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        response = {
            "clientDataJSON": encode(self._client_data("webauthn.create", options["challenge"])),
            "attestationObject": encode(attestation),
            "transports": ["internal", "hybrid"],
        }
        return self._credential(response)

    def answer(self, options: dict[str, Any], **lies: Any) -> dict[str, Any]:
        """What `navigator.credentials.get()` gives for these options; `lies` stand in the place of what is true."""
        self.sign_count += self.steps
        data = self._data(options["rpId"])
        client_data = self._client_data(lies.get("type", "webauthn.get"), options["challenge"])
        signed = data + hashlib.sha256(client_data).digest()
        handle = lies.get("user_handle", self.user_handle)
        response = {
            "clientDataJSON": encode(client_data),
            "authenticatorData": encode(data),
            "signature": encode(self.key.sign(signed, ec.ECDSA(hashes.SHA256()))),
            "userHandle": encode(handle) if handle else None,
        }
        return self._credential(response)

    def export(self, rp_id: str) -> dict[str, Any]:
        """The passkey as Chromium's developer tools take it into a device of theirs."""
        assert self.user_handle is not None
        private = self.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        return {
            "credentialId": b64encode(self.credential_id).decode(),
            "isResidentCredential": True,
            "rpId": rp_id,
            "privateKey": b64encode(private).decode(),
            "userHandle": b64encode(self.user_handle).decode(),
            "signCount": self.sign_count,
        }

    def _data(self, rp_id: str, flags: int = 0) -> bytes:
        flags |= _PRESENT | (_VERIFIED if self.knows_user else 0)
        site = hashlib.sha256((self.rp_id or rp_id).encode()).digest()
        return site + bytes([flags]) + self.sign_count.to_bytes(4, "big")

    def _client_data(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def _public_key(self) -> bytes:
        numbers = self.key.public_key().public_numbers()
        # COSE (RFC 9053): an elliptic curve key, ES256, P-256
        return cbor2.dumps({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")})

    def _credential(self, response: dict[str, Any]) -> dict[str, Any]:
        identifier = encode(self.credential_id)
        return {"id": identifier, "rawId": identifier, "type": "public-key", "response": response}
