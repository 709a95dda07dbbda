import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
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


def unsigned(header: dict[str, Any], *, signature: str = "") -> str:
    """Our claims under another header, and no signature of ours."""
    stated = base64.urlsafe_b64encode(orjson.dumps(header)).decode().rstrip("=")
    return f"{stated}.{jwt.issue(CLAIMS, KEY, now=NOW).split('.')[1]}.{signature}"


class TestAccessToken:
    def test_says_what_it_was_issued_for(self) -> None:
        assert jwt.read(jwt.issue(CLAIMS, KEY, now=NOW), KEY, audience="platform", now=NOW) == CLAIMS

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
            forged({"iat": int((NOW + timedelta(minutes=2)).timestamp())}),
            forged({"iat": "now"}),
            forged({"iat": []}),
            forged({"nbf": int((NOW + timedelta(minutes=2)).timestamp())}),
            forged({"typ": ["access"]}),
            forged({"aud": []}),
            forged({"act": "somebody"}),
            forged({"act": {"sub": "not a uuid"}}),
            forged({"act": {}}),
            forged({"act": []}),
            forged({"sub": "not a uuid"}),
            forged({"sid": 7}),
            *(forged({claim: None}) for claim in ("iss", "aud", "sub", "sid", "typ", "jti", "iat", "exp", "role")),
            base64.urlsafe_b64encode(b"[" * 5000).decode().rstrip("=") + ".e30.e30",
            *(unsigned({"alg": alg}) for alg in ("none", "None", "nOnE", "", None)),
            unsigned({"alg": "none"}, signature="c2lnbmVk"),
            unsigned({"alg": "HS256", "jwk": {"kty": "oct", "k": "a2V5"}}),
            unsigned({}),
        ],
    )
    def test_anything_else_is_refused(self, token: str) -> None:
        with pytest.raises(TokenInvalid):
            jwt.read(token, KEY, audience="platform", now=NOW)

    def test_names_whoever_really_acts(self) -> None:
        claims = replace(CLAIMS, actor_id=UUID(int=3))
        token = jwt.issue(claims, KEY, now=NOW)
        assert jose.get_unverified_claims(token)["act"] == {"sub": str(UUID(int=3))}
        assert jwt.read(token, KEY, audience="platform", now=NOW) == claims

    def test_lasts_as_long_as_it_is_told_to(self) -> None:
        ends = jose.get_unverified_claims(jwt.issue(CLAIMS, KEY, now=NOW, until=NOW + timedelta(minutes=3)))["exp"]
        assert ends == int((NOW + timedelta(minutes=3)).timestamp())

    def test_the_clock_of_another_machine_may_be_a_little_ahead(self) -> None:
        token = jwt.issue(CLAIMS, KEY, now=NOW + timedelta(seconds=59))
        assert jwt.read(token, KEY, audience="platform", now=NOW) == CLAIMS

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

    async def test_what_it_says_of_role_and_actor_is_only_a_hint(self, business: Business, app: FastAPI) -> None:
        genuine = await log_in(business.anonymous, business.email)
        said = jose.get_unverified_claims(genuine) | {"role": "SUPERUSER", "act": {"sub": str(UUID(int=9))}}
        token = jose.encode(said, app.state.keyring.signing_key, algorithm="HS256")
        me = (await business.at(business.host, token).get("/api/v1/me")).json()
        assert (me["user"]["role"], me["masquerade"]) == ("TENANT_OWNER", None)

    async def test_changed_on_the_way_it_is_refused(self, business: Business) -> None:
        header, _, signature = (await log_in(business.anonymous, business.email)).split(".")
        said = jose.get_unverified_claims(await log_in(business.anonymous, business.email))
        changed = base64.urlsafe_b64encode(orjson.dumps(said | {"act": {"sub": str(UUID(int=9))}})).decode().rstrip("=")
        answer = await business.at(business.host, f"{header}.{changed}.{signature}").get("/api/v1/me")
        assert answer.json()["code"] == "token-invalid"

    async def test_expired_it_is_refused(self, business: Business, app: FastAPI) -> None:
        said = jose.get_unverified_claims(await log_in(business.anonymous, business.email))
        said |= {"exp": int((NOW - timedelta(seconds=1)).timestamp())}
        token = jose.encode(said, app.state.keyring.signing_key, algorithm="HS256")
        assert (await business.at(business.host, token).get("/api/v1/me")).json()["code"] == "token-invalid"
