"""The service behind a real port, and a browser that tells of everything it does not like."""

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request, async_playwright, expect

from app.main import create_app
from app.settings import Settings
from tests.docs.markdown import ROOT
from tests.receivers import eventually

ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
IMAGES = ROOT / "docs" / "images"
PATIENCE_MILLISECONDS = 20_000
_GRACE_SECONDS = 5

expect.set_options(timeout=PATIENCE_MILLISECONDS)


def find_chromium() -> str:
    """The browser's program: the one that CHROMIUM names, else Debian's."""
    found = shutil.which(os.environ.get("CHROMIUM") or "chromium")
    if found is None:
        pytest.fail("There is no Chromium: run script/chromium, or name one with CHROMIUM=path.")
    return found


@asynccontextmanager
async def launched() -> AsyncIterator[Browser]:
    """A browser with a profile of its own."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        try:
            yield browser
        finally:
            await browser.close()


@dataclass(frozen=True)
class Site:
    """The service as a browser reaches it; it finds every host below `localhost` by itself."""

    app: FastAPI
    port: int

    def at(self, host: str, path: str = "/") -> str:
        """The address of a page."""
        return f"http://{host}.localhost:{self.port}{path}"


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[Site]:
    """The application of these settings, served at a free port."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        app = create_app(settings.model_copy(update={"port": port}))
        config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=_GRACE_SECONDS)
        server = uvicorn.Server(config)
        running = asyncio.create_task(server.serve(sockets=[listener]))

        async def is_up() -> bool:
            return server.started or running.done()

        try:
            await eventually(is_up)
            yield Site(app, port)
        finally:
            server.should_exit = True
            await running


@dataclass
class Watched:
    """A window of the browser, and what went wrong in it."""

    context: BrowserContext
    page: Page
    offences: list[str] = field(default_factory=list)

    async def show(self, name: str, *, of: Page | None = None) -> None:
        """Keep a picture of the page (or of another one) for the documentation, if SCREENSHOTS asks for it."""
        if os.environ.get("SCREENSHOTS"):
            await (of or self.page).screenshot(path=IMAGES / f"{name}.png", animations="disabled")


@asynccontextmanager
async def watching(browser: Browser) -> AsyncIterator[Watched]:
    """A fresh window. Whatever its pages complain of, or ask of another machine, fails the test."""
    context = await browser.new_context(viewport={"width": 1280, "height": 800}, color_scheme="light")
    context.set_default_timeout(PATIENCE_MILLISECONDS)
    watched = Watched(context, await context.new_page())

    def hear(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            watched.offences.append(f"{message.type}: {message.text}")

    def see(request: Request) -> None:
        host = urlsplit(request.url).hostname or ""
        if not (host == "localhost" or host.endswith(".localhost") or request.url.startswith("data:")):
            watched.offences.append(f"asked of another host: {request.url}")

    context.on("console", hear)
    context.on("request", see)
    context.on("weberror", lambda error: watched.offences.append(f"error: {error.error}"))
    try:
        yield watched
        assert not watched.offences, watched.offences
    finally:
        await context.close()
