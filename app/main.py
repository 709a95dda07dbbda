"""The application: wiring only."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from app import admin, routers
from app.auth.cookies import CookieNames
from app.core.versions import VERSIONS
from app.routers import openapi, problems
from app.routers.admission import AdmissionMiddleware
from app.routers.browser_rules import BrowserRules
from app.routers.compression import CompressionMiddleware
from app.routers.cross_origin import CrossOriginMiddleware
from app.routers.middleware import BodyLimitMiddleware, ForwardedMiddleware, HeadMiddleware, RequestMiddleware
from app.runtime import Runtime
from app.settings import Settings, get_settings


def create_app(settings: Settings | None = None) -> FastAPI:
    """The whole service for these settings (default: the process's)."""
    settings = settings or get_settings()
    runtime = Runtime.of(settings)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with runtime:
            yield

    # No redirects to an address with or without a final slash: behind a proxy they would lead to http, token and all.
    app = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, redirect_slashes=False, **openapi.METADATA)
    app.state.runtime = runtime
    app.state.database = runtime.database
    app.state.hosts = runtime.hosts
    app.state.tiers = runtime.tiers
    app.state.principals = runtime.principals
    app.state.throttle = runtime.throttle
    app.state.token_usage = runtime.token_usage
    app.state.places = runtime.places
    app.state.keyring = runtime.keyring
    app.state.storage = runtime.storage
    app.state.inspector = runtime.inspector
    app.state.versions = VERSIONS
    app.state.listeners = Counter()
    app.state.cookies = CookieNames.over(secure=settings.secure_cookies)
    problems.install(app)
    routers.register(app)
    openapi.install(app)
    admin.mount(app, settings, runtime.keyring)
    app.add_middleware(CompressionMiddleware)
    app.add_middleware(BodyLimitMiddleware)
    app.add_middleware(CrossOriginMiddleware)
    app.add_middleware(AdmissionMiddleware, limits=runtime.rate_limits)
    app.add_middleware(RequestMiddleware, rules=BrowserRules(settings))
    app.add_middleware(HeadMiddleware)
    if settings.trusted_proxies:
        app.add_middleware(ForwardedMiddleware, trusted=settings.trusted_proxies)
    return app
