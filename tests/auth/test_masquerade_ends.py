"""A masquerade ends as soon as anything it stands on does, in every process."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI

from app.auth.directory import PrincipalDirectory
from app.auth.roles import Role
from app.core.clock import utcnow
from app.errors import SessionInvalid
from tests.actors import Business, Platform
from tests.auth.cast import API, Cast, Masked, Person
from tests.conftest import Caller


@dataclass(frozen=True)
class Scene:
    """Support acting as the manager of a demo account, and a sales person likewise."""

    cast: Cast
    demo: Business
    actor: Person
    user: Person
    masked: Masked


@pytest.fixture
async def scene(cast: Cast, platform: Platform, request: pytest.FixtureRequest) -> Scene:
    demo = await platform.sign_up()
    await cast.make_demo(demo)
    actor = await cast.add(getattr(request, "param", Role.PLATFORM_SUPPORT))
    user = await cast.add(Role.TENANT_MANAGER, demo)
    return Scene(cast, demo, actor, user, await cast.mask(actor, user, demo))


Ending = Callable[[Scene], Awaitable[object]]


def by(**changes: object) -> tuple[Ending, Ending]:
    """Changes to the actor, and the same to the user."""
    return (
        lambda scene: scene.cast.change(scene.actor, **changes),
        lambda scene: scene.cast.change(scene.user, **changes),
    )


SUPPORT_ENDS: dict[str, Ending] = {
    "the actor ends it": lambda scene: scene.masked.end(),
    "the actor logs out": lambda scene: scene.actor.post("/auth/logout"),
    "the actor revokes that session": lambda scene: scene.actor.client.delete(
        f"{API}/me/sessions/{scene.actor.session_id}"
    ),
    "the actor's session is revoked": lambda scene: scene.cast.change_session(
        scene.actor.session_id, revoked_at=utcnow()
    ),
    "the actor's session expires": lambda scene: scene.cast.change_session(scene.actor.session_id, expires_at=utcnow()),
    "the actor's session is unused for too long": lambda scene: scene.cast.change_session(
        scene.actor.session_id, rotated_at=utcnow() - timedelta(hours=1)
    ),
    "the actor is deactivated": by(is_active=False)[0],
    "the user is deactivated": by(is_active=False)[1],
    "the actor loses the role": by(role="PLATFORM_MANAGER")[0],
    "the time is up": lambda scene: scene.cast.change_session(scene.masked.session_id, expires_at=utcnow()),
    "the business is suspended": lambda scene: scene.cast.change_tenant(scene.demo, status="suspended"),
    "the demo's term is over": lambda scene: scene.cast.change_tenant(scene.demo, demo_expires_at=utcnow()),
}


class TestEnd:
    async def check(self, scene: Scene, ending: Ending, elsewhere: httpx.AsyncClient) -> None:
        """It works in both processes; then it ends, here at once, and there as soon as word has come."""
        assert (await scene.masked.me()).status_code == 200
        assert (await elsewhere.get(f"{API}/me")).status_code == 200
        await ending(scene)
        assert (await scene.masked.me()).json()["code"] in {"session-invalid", "tenant-suspended"}
        async with asyncio.timeout(10):
            while (await elsewhere.get(f"{API}/me")).status_code == 200:  # noqa: ASYNC110 — it lies in another process
                await asyncio.sleep(0.001)

    @pytest.mark.parametrize("why", SUPPORT_ENDS)
    async def test_comes_as_soon_as(self, scene: Scene, why: str, other_process: FastAPI, at: Caller) -> None:
        elsewhere = at(scene.demo.host, scene.masked.token, app=other_process)
        await self.check(scene, SUPPORT_ENDS[why], elsewhere)

    @pytest.mark.parametrize("scene", [Role.PLATFORM_SALES], indirect=True)
    async def test_comes_to_sales_as_soon_as_it_is_no_demo_any_more(
        self, scene: Scene, other_process: FastAPI, at: Caller
    ) -> None:
        elsewhere = at(scene.demo.host, scene.masked.token, app=other_process)
        permanent = {"is_temporary": False, "demo_expires_at": None}
        await self.check(scene, lambda each: each.cast.change_tenant(each.demo, **permanent), elsewhere)

    @pytest.mark.parametrize("role", ["TENANT_OWNER", "CUSTOMER"])
    async def test_comes_to_an_owner_as_soon_as_the_user_is_beyond_the_matrix(
        self, cast: Cast, business: Business, other_process: FastAPI, at: Caller, role: str
    ) -> None:
        owner, user = await cast.add(Role.TENANT_OWNER, business), await cast.add(Role.TENANT_STAFF, business)
        scene = Scene(cast, business, owner, user, await cast.mask(owner, user, business))
        elsewhere = at(business.host, scene.masked.token, app=other_process)
        await self.check(scene, by(role=role)[1], elsewhere)

    async def test_does_not_come_from_the_outside(self, scene: Scene) -> None:
        """The user's own sessions are another matter."""
        assert (await scene.user.post("/auth/logout")).status_code == 204
        assert (await scene.masked.me()).status_code == 200

    async def test_is_told_to_the_trail_when_the_actor_logs_out(self, scene: Scene) -> None:
        await scene.actor.post("/auth/logout")
        (entry,) = await scene.cast.entries("masquerade.ended", about=scene.user.id)
        assert (entry.actor_id, entry.user_id, str(entry.chain_id)) == (
            scene.actor.id,
            scene.user.id,
            scene.demo.id,
        )
        (line,) = scene.cast.log_lines(session_key=str(scene.masked.session_id), action="HIJACK_END")
        assert (line["hijacker_email"], line["hijacked_email"]) == (scene.actor.email, scene.user.email)

    async def test_comes_by_time_alone_to_a_process_that_remembers(self, scene: Scene) -> None:
        """Nobody announces that half an hour has passed."""
        directory: PrincipalDirectory = scene.cast.app.state.principals
        host = await scene.cast.app.state.hosts.resolve(scene.demo.host, now=utcnow())
        known = await directory.authenticate(scene.masked.token, host, now=utcnow())
        assert known.expires_at is not None
        last = known.expires_at - timedelta(microseconds=1)
        assert (await directory.authenticate(scene.masked.token, host, now=last)).user_id == scene.user.id
        with pytest.raises(SessionInvalid):
            await directory.authenticate(scene.masked.token, host, now=known.expires_at)
