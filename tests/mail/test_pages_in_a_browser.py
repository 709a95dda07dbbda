"""The account pages as people meet them: in a real browser, on the business's own host."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.async_api import Browser, Page, async_playwright, expect

from app.auth.one_time_codes import Purpose, issue
from app.core.clock import utcnow
from app.mail.links import AccountPage, account_link
from app.settings import Settings
from tests.actors import Business, log_in
from tests.receivers import eventually

CHROMIUM = shutil.which("chromium")

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium on this machine")


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """A browser. It looks hosts below localhost up at this machine by itself."""
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        await launched.close()


@pytest.fixture(scope="session")
async def served(app: FastAPI, settings: Settings) -> AsyncIterator[Settings]:
    """The settings of the application as it is served, over TCP on a free port."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, lifespan="off", log_config=None, access_log=False))
    task = asyncio.create_task(server.serve())

    async def has_started() -> bool:
        return server.started

    await eventually(has_started)
    yield settings.model_copy(update={"port": server.servers[0].sockets[0].getsockname()[1]})
    server.should_exit = True
    await task


@pytest.fixture(params=["light", "dark"])
async def page(browser: Browser, request: pytest.FixtureRequest) -> AsyncIterator[Page]:
    """A page as narrow as pages get, whose script must not fail."""
    context = await browser.new_context(viewport={"width": 320, "height": 640}, color_scheme=request.param)
    opened = await context.new_page()
    failures: list[str] = []
    opened.on("pageerror", lambda error: failures.append(str(error)))
    yield opened
    await context.close()
    assert failures == []


async def code_for_a_password(app: FastAPI, business: Business) -> str:
    owner = (await business.owner.get("/api/v1/me")).json()["user"]
    async with app.state.database.transaction() as session:
        return await issue(
            session,
            app.state.keyring,
            Purpose.RESET_PASSWORD,
            ttl=timedelta(minutes=5),
            now=utcnow(),
            user_id=UUID(owner["id"]),
            tenant_id=UUID(business.id),
        )


class TestResetPassword:
    async def test_sets_the_password_by_keyboard_alone(
        self, app: FastAPI, served: Settings, business: Business, page: Page
    ) -> None:
        code = await code_for_a_password(app, business)
        await page.goto(account_link(served, business.slug, AccountPage.RESET_PASSWORD, code))
        field, error = page.get_by_label("New password"), page.locator("#password-error")
        assert code not in page.url
        await expect(field).to_be_focused()
        await page.keyboard.type("password1")
        await page.keyboard.press("Enter")
        await expect(error).to_be_visible()
        await expect(field).to_be_focused()
        assert await field.get_attribute("aria-invalid") == "true"
        await field.fill("another long and private phrase")
        await page.keyboard.press("Enter")
        await expect(page.locator("#done")).to_contain_text("Your password is set")
        await expect(page.locator("#done")).to_be_focused()
        await expect(page.locator("form")).to_be_hidden()
        assert await log_in(business.anonymous, business.email, "another long and private phrase")

    async def test_shows_the_password_to_whoever_wants_to_see_it(
        self, served: Settings, business: Business, page: Page
    ) -> None:
        await page.goto(account_link(served, business.slug, AccountPage.RESET_PASSWORD, "some-code"))
        field = page.get_by_label("New password")
        assert await field.get_attribute("type") == "password"
        await page.get_by_label("Show the password").check()
        assert await field.get_attribute("type") == "text"

    async def test_fits_on_a_narrow_screen(self, served: Settings, business: Business, page: Page) -> None:
        await page.goto(account_link(served, business.slug, AccountPage.RESET_PASSWORD, "some-code"))
        assert await page.evaluate("document.documentElement.scrollWidth") <= 320

    async def test_is_not_used_up_by_looking(
        self, app: FastAPI, served: Settings, business: Business, page: Page
    ) -> None:
        code = await code_for_a_password(app, business)
        link = account_link(served, business.slug, AccountPage.RESET_PASSWORD, code)
        for _ in range(2):
            await page.goto("about:blank")
            await page.goto(link, wait_until="networkidle")
        await page.get_by_label("New password").fill("another long and private phrase")
        await page.get_by_role("button").click()
        await expect(page.locator("#done")).to_be_visible()


class TestConfirmEmail:
    async def test_says_that_a_link_is_spent(self, served: Settings, business: Business, page: Page) -> None:
        await page.goto(account_link(served, business.slug, AccountPage.CONFIRM_EMAIL, "never-issued"))
        await page.get_by_role("button").click()
        await expect(page.get_by_role("alert")).to_contain_text("The link has expired or has been used.")
        await expect(page.get_by_role("alert")).to_be_focused()
        await expect(page.locator("form")).to_be_hidden()

    async def test_says_that_a_link_is_not_complete(self, served: Settings, business: Business, page: Page) -> None:
        await page.goto(account_link(served, business.slug, AccountPage.CONFIRM_EMAIL, ""))
        await expect(page.locator("#incomplete")).to_be_visible()
        await expect(page.locator("form")).to_be_hidden()

    async def test_takes_up_a_second_link_in_the_same_tab(
        self, served: Settings, business: Business, page: Page
    ) -> None:
        for code in ("first", "second"):
            await page.goto(account_link(served, business.slug, AccountPage.CONFIRM_EMAIL, code))
            await page.get_by_role("button").click()
            await expect(page.get_by_role("alert")).to_be_visible()
        assert "second" not in page.url

    async def test_says_that_the_server_is_out_of_reach(self, served: Settings, business: Business, page: Page) -> None:
        await page.goto(account_link(served, business.slug, AccountPage.CONFIRM_EMAIL, "some-code"))
        await page.context.set_offline(True)
        await page.get_by_role("button").click()
        await expect(page.get_by_role("alert")).to_contain_text("cannot be reached")
        await expect(page.get_by_role("button")).to_be_visible()
