"""What knowing the caller, counting the request and an `Idempotency-Key` add to a request, beside it without them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import count

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

from app.auth.principals import Principal
from app.auth.rate_limits import RateLimits
from app.core.clock import utcnow
from app.core.gcra import Quota, Standing
from app.integrations.buckets import LocalBuckets
from app.main import create_app
from app.routers.admission import AdmissionMiddleware
from app.runtime import Runtime
from app.tenancy.hosts import Host
from bench.calling import Caller
from bench.pairs import Work, milliseconds, take_turns
from bench.stage import Stage, round_trips_of

ROUNDS = 1_000


class Known:
    """In the place of admission: everybody is this caller, and nobody is counted."""

    def __init__(self, app: ASGIApp, caller: Principal, host: Host) -> None:
        self._app = app
        self._caller = caller
        self._host = host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"] |= {"caller": self._caller, "host": self._host}
        await self._app(scope, receive, send)


class Bottomless:
    """Buckets that cost nothing."""

    async def charge(self, key: str, quota: Quota, *, now: int | None = None) -> Standing:
        """Allow it."""
        del key, now
        return Standing(is_allowed=True, remaining=quota.requests, retry_after=0, full_after=0)


async def measure(stage: Stage, owner: Caller) -> None:
    """Print medians, and each as a multiple of the request that knows its caller beforehand."""
    scopes = ["customers:read", "customers:write"]
    made = await owner.make("/tokens", {"name": "bench", "mode": "live", "scopes": scopes})
    path = f"/api/v1/customers/{(await owner.make('/customers', {'name': 'Cleo Customer'}))['id']}"
    token, limits = made["token"], _limits(stage.app)
    host = await stage.app.state.hosts.resolve(owner.host, now=utcnow())
    caller = await stage.app.state.principals.authenticate(token, host, now=utcnow())
    async with (
        _admitting(stage, Middleware(Known, caller=caller, host=host)) as known,
        _admitting(stage, Middleware(AdmissionMiddleware, limits=replace(limits, buckets=Bottomless()))) as uncounted,
        _admitting(stage, Middleware(AdmissionMiddleware, limits=replace(limits, buckets=LocalBuckets()))) as alone,
    ):
        callers = [Caller(app, owner.host, token) for app in (known, uncounted, alone, stage.app)]
        bare, *taken = await take_turns(*[_getting(each, path) for each in callers], rounds=ROUNDS)
        print("GET /customers/{id}")
        print(f"  caller known beforehand   {milliseconds(bare)}")
        for name, seconds in zip(("authentication", "+ limits, in process", "+ limits, in Redis"), taken, strict=True):
            print(f"  {name:25} {milliseconds(seconds)}  {seconds / bare:5.2f}")
    await _measure_keys(stage, Caller(stage.app, owner.host, token))


async def _measure_keys(stage: Stage, caller: Caller) -> None:
    numbers = count()

    async def create(caller: Caller) -> None:
        await caller.make("/customers", {"name": "Cleo Customer"})

    async def create_once(caller: Caller) -> None:
        keyed = replace(caller, headers=((b"idempotency-key", f"bench-{next(numbers)}".encode()),))
        await keyed.make("/customers", {"name": "Cleo Customer"})

    plain, keyed = await take_turns(lambda: create(caller), lambda: create_once(caller), rounds=ROUNDS // 2)
    trips = [await round_trips_of(stage, caller, each) for each in (create, create_once)]
    print("POST /customers")
    print(f"  median                    {milliseconds(plain)}         {trips[0]} round trips")
    print(f"  with Idempotency-Key      {milliseconds(keyed)}  {keyed / plain:5.2f}  {trips[1]} round trips")


def _getting(caller: Caller, path: str) -> Work:
    return lambda: caller("GET", path)


def _limits(app: FastAPI) -> RateLimits:
    runtime: Runtime = app.state.runtime
    return runtime.rate_limits


@asynccontextmanager
async def _admitting(stage: Stage, admission: Middleware) -> AsyncIterator[FastAPI]:
    """The application with something else in the place of its admission."""
    app = create_app(stage.settings)
    names = [getattr(each.cls, "__name__", None) for each in app.user_middleware]
    place = names.index(AdmissionMiddleware.__name__)
    app.user_middleware[place] = admission
    async with app.router.lifespan_context(app):
        yield app
