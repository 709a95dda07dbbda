"""A member of the platform's staff at the back office, filling in forms as a browser does."""

import re
from dataclasses import dataclass, field
from html import unescape
from typing import Any

import httpx
import pyotp

from app.auth.roles import Role
from tests.actors import PASSWORD

HOST = "platform.localhost"
OWN_PAGE = {"Origin": f"http://{HOST}"}
"""What a browser says with a form of the host's own pages."""


def words(answer: httpx.Response) -> str:
    """What a page says, without its markup, each run of white space as one blank."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", answer.text)).split())


@dataclass
class Office:
    """A browser at the back office. It keeps cookies, and sends with each form the token that the page gave it."""

    client: httpx.AsyncClient
    email: str
    role: Role
    user_id: str
    secret: str | None = None
    """Of the authenticator app, once there is one."""
    token: str = field(default="")

    async def log_in(self, **fields: str) -> httpx.Response:
        """Send the log-in's form."""
        return await self.post("/login", email=self.email, password=PASSWORD, **fields)

    async def enter(self) -> None:
        """Log in for good."""
        answer = await self.log_in()
        assert answer.status_code == 303, words(answer)
        await self.open("/")

    async def open(self, path: str, **query: Any) -> httpx.Response:
        """Look at a page."""
        answer = await self.client.get(f"/admin{path}", params=query or None)
        found = re.search(r'name="csrf_token" value="(\w+)"', answer.text)
        self.token = found.group(1) if found else self.token
        return answer

    async def post(self, path: str, **fields: Any) -> httpx.Response:
        """Send a form."""
        return await self.client.post(f"/admin{path}", data={"csrf_token": self.token} | fields, headers=OWN_PAGE)

    async def set_up_app(self) -> list[str]:
        """Set up an authenticator app; the recovery codes."""
        begun = await self.post("/second-factor/begin", current_password=PASSWORD)
        found = re.search(r'secret: <span class="hash">(\w+)<', begun.text)
        assert found, words(begun)
        self.secret = found.group(1)
        confirmed = await self.post("/second-factor/confirm", code=pyotp.TOTP(self.secret).now())
        assert confirmed.status_code == 200, words(confirmed)
        return re.findall(r"<li>([\w-]+)</li>", confirmed.text)
