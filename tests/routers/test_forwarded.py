"""Behind a proxy: whose word counts about the host that was called and who calls."""

from ipaddress import IPv4Network

import httpx
import pytest
from sqlalchemy import select
from starlette.types import Receive, Scope, Send

from app.main import create_app
from app.models.public import UserSessionRow
from app.routers.middleware import ForwardedMiddleware
from app.settings import Settings
from tests.actors import PASSWORD, Business

FORWARDED = {"Host": "inner.example", "X-Forwarded-For": "198.51.100.7"}


async def nothing(*_arguments: object) -> None:
    """Neither received nor sent."""


class TestForwardedHost:
    @pytest.mark.parametrize(("proxy", "status"), [("10.1.2.3", 200), ("192.0.2.1", 404)])
    async def test_is_believed_of_a_trusted_proxy_alone(
        self, settings: Settings, business: Business, proxy: str, status: int
    ) -> None:
        app = create_app(Settings(**settings.model_dump() | {"trusted_proxies": ["10.0.0.0/8"]}, _env_file=None))
        async with app.router.lifespan_context(app):
            transport = httpx.ASGITransport(app, client=(proxy, 1))
            async with httpx.AsyncClient(transport=transport, base_url="http://inner.example") as client:
                answer = await client.get("/", headers=FORWARDED | {"X-Forwarded-Host": f"x.example, {business.host}"})
        assert answer.status_code == status

    @pytest.mark.parametrize(
        ("said", "address"),
        [
            ("198.51.100.7", "198.51.100.7"),
            ("198.51.100.7:4711", "198.51.100.7"),
            ("2001:db8::7", "2001:db8::7"),
            ("[2001:db8::7]", "2001:db8::7"),
            ("[2001:db8::7]:4711", "2001:db8::7"),
            ("unknown", "10.1.2.3"),
            ("", "10.1.2.3"),
        ],
    )
    async def test_an_address_counts_with_or_without_a_port(self, said: str, address: str) -> None:
        seen: list[object] = []

        async def app(scope: Scope, _receive: Receive, _send: Send) -> None:
            seen.append(scope["client"][0])

        scope = {
            "type": "http",
            "client": ("10.1.2.3", 1),
            "headers": [(b"x-forwarded-for", said.encode()), (b"host", b"inner.example")],
        }
        middleware = ForwardedMiddleware(app, [IPv4Network("10.0.0.0/8")])
        await middleware(scope, nothing, nothing)  # type: ignore[arg-type] # nothing is received or sent
        assert seen == [address]

    async def test_the_last_of_several_lines_counts(self, settings: Settings, business: Business) -> None:
        app = create_app(settings.model_copy(update={"trusted_proxies": [IPv4Network("10.0.0.0/8")]}))
        named = [("X-Forwarded-Host", "platform.localhost"), ("X-Forwarded-Host", business.host)]
        called = [("X-Forwarded-For", "203.0.113.1"), ("X-Forwarded-For", "198.51.100.7")]
        async with app.router.lifespan_context(app):
            transport = httpx.ASGITransport(app, client=("10.1.2.3", 1))
            async with httpx.AsyncClient(transport=transport, base_url="http://inner.example") as client:
                body = {"email": business.email, "password": PASSWORD}
                answer = await client.post("/api/v1/auth/login", json=body, headers=[*named, *called])
            assert answer.status_code == 200
            async with app.state.database.transaction() as session:
                query = select(UserSessionRow.ip_address).order_by(UserSessionRow.id.desc()).limit(1)
                assert await session.scalar(query) == "198.51.100.7"
