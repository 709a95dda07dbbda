import base64
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from jose import jwt as jose

from app.auth import jwt
from app.errors import TokenInvalid
from tests.actors import Business, Platform, log_in

KEY = "k" * 64
NOW = datetime.now(UTC).replace(microsecond=0)
CLAIMS = jwt.AccessClaims(UUID(int=1), UUID(int=2), "platform", "SUPERUSER")


def forged(changes: dict[str, Any], *, key: str = KEY, algorithm: str = "HS256") -> str:
    claims = jose.get_unverified_claims(jwt.issue(CLAIMS, KEY, now=NOW))
    kept = {name: value for name, value in (claims | changes).items() if value is not None}
    return str(jose.encode(kept, key, algorithm=algorithm))


class TestAccessToken:
    def test_says_what_it_was_issued_for(self) -> None:
        assert jwt.read(jwt.issue(CLAIMS, KEY, now=NOW), KEY, audience="platform") == CLAIMS

    @pytest.mark.parametrize(
        "token",
        [
            "",
            "nonsense",
            "a.b.c",
            forged({}, key="another key"),
            forged({}, algorithm="HS512"),
            forged({"aud": "somebody else"}),
            forged({"iss": "somebody else"}),
            forged({"typ": "refresh"}),
            forged({"exp": int((NOW - timedelta(seconds=1)).timestamp())}),
            forged({"sub": "not a uuid"}),
            forged({"sid": 7}),
            *(forged({claim: None}) for claim in ("iss", "aud", "sub", "sid", "typ", "jti", "iat", "exp", "role")),
            base64.urlsafe_b64encode(b"[" * 5000).decode().rstrip("=") + ".e30.e30",
            "eyJhbGciOiJub25lIn0." + jwt.issue(CLAIMS, KEY, now=NOW).split(".")[1] + ".",
        ],
    )
    def test_anything_else_is_refused(self, token: str) -> None:
        with pytest.raises(TokenInvalid):
            jwt.read(token, KEY, audience="platform")

    async def test_counts_only_at_the_host_it_was_issued_for(
        self, business: Business, other_business: Business, platform: Platform
    ) -> None:
        token = await log_in(business.anonymous, business.email)
        for host in (other_business.host, "platform.localhost"):
            answer = await platform.at(host, token).get("/api/v1/me")
            assert answer.json()["code"] == "token-invalid"

    async def test_a_signed_token_without_a_session_is_refused(self, business: Business, app: FastAPI) -> None:
        claims = jwt.AccessClaims(UUID(int=1), UUID(int=2), business.id, "TENANT_OWNER")
        token = jwt.issue(claims, app.state.keyring.signing_key, now=NOW)
        answer = await business.at(business.host, token).get("/api/v1/me")
        assert answer.json()["code"] == "session-invalid"
