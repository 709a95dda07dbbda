"""The pages for developers in a real browser: an example is run, and nothing is asked of another host.

A window fails its test if a page complains, or asks anything of another machine.
"""

from datetime import timedelta

import pytest
from playwright.async_api import Page, expect

from app.auth.permissions import SCOPES
from app.core.clock import utcnow
from app.routers.reference import reference_of
from app.routers.reference_pages import TOKEN
from app.routers.samples import samples_of
from tests.actors import PASSWORD, Business
from tests.browser.site import PATIENCE_MILLISECONDS, Site, Watched
from tests.docs.shop import furnish

PHONE = {"width": 360, "height": 740}


@pytest.fixture
async def token(business: Business) -> str:
    """A test token of the owner's, which may do all that a token may."""
    return await business.token(*sorted(SCOPES), mode="test")


async def log_in(page: Page, site: Site, business: Business) -> None:
    """Log the owner in, as a page of the business's own host would."""
    await page.goto(site.at(business.slug, "/help"))
    status = await page.evaluate(
        "body => fetch('/api/v1/auth/login', {method: 'POST', body: JSON.stringify(body), "
        "headers: {'Content-Type': 'application/json'}}).then(answer => answer.status)",
        {"email": business.email, "password": PASSWORD},
    )
    assert status == 200


class TestReference:
    async def test_runs_an_example_with_the_readers_own_token(
        self, site: Site, window: Watched, business: Business, token: str
    ) -> None:
        await furnish(business, token)
        page = window.page
        await log_in(page, site, business)
        await page.goto(site.at(business.slug, "/reference#listServices"))
        await expect(page.get_by_label("Test token")).to_have_value(token)
        operation = page.locator("#listServices")
        await expect(operation.locator("[data-language=curl] code")).to_contain_text(f"Bearer {token}")
        await operation.get_by_role("button", name="Run").click()
        outcome = operation.locator(".outcome")
        await expect(outcome).to_contain_text("200 OK")
        await expect(outcome).to_contain_text('"name": "Haircut"')
        await outcome.get_by_text("Headers").click()
        await expect(outcome).to_contain_text("x-sandbox-mode: true")

    async def test_books_an_appointment(self, site: Site, window: Watched, business: Business, token: str) -> None:
        service = await furnish(business, token)
        desk = business.at(business.host, token)
        customer = await business.make("/customers", {"name": "Grace Hopper"}, client=desk)
        start = (utcnow() + timedelta(days=3)).replace(hour=12, minute=0, second=0, microsecond=0).isoformat()
        page = window.page
        await page.goto(site.at(business.slug, "/reference"))
        await page.get_by_label("Test token").fill(token)
        operation = page.locator("#bookAppointment")
        body = f'{{"service_id": "{service}", "customer_id": "{customer["id"]}", "start": "{start}"}}'
        await operation.get_by_label("Body").fill(body)
        await operation.get_by_role("button", name="Run").click()
        await expect(operation.locator(".outcome")).to_contain_text('"status": "confirmed"')

    @pytest.mark.parametrize("text", ["", "ss_live_0000000000000000000000000000000000001", "ss_test_short"])
    async def test_runs_nothing_without_a_test_token(
        self, site: Site, window: Watched, business: Business, text: str
    ) -> None:
        page = window.page
        await page.goto(site.at(business.slug, "/reference"))
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        await page.get_by_label("Test token").fill(text)
        await page.locator("#createCustomer").get_by_role("button", name="Run").press("Enter")
        await expect(page.locator("#createCustomer .outcome")).to_contain_text("Enter a test token")
        assert not [url for url in asked if "/api/" in url]

    async def test_shows_one_language_at_a_time_and_finds_operations(
        self, site: Site, window: Watched, business: Business
    ) -> None:
        page = window.page
        await page.goto(site.at(business.slug, "/reference"))
        booking = page.locator("#bookAppointment")
        await page.get_by_role("radio", name="curl").focus()
        for language in ("Python", "JavaScript"):
            await page.keyboard.press("ArrowRight")
            await expect(booking.locator(".sample:visible")).to_have_count(1)
            await expect(booking.locator(f".sample[data-language={language}]")).to_be_visible()
        await page.get_by_label("Filter").fill("book appointment")
        await expect(page.locator("article:visible")).to_have_count(1)
        await expect(booking).to_be_visible()

    async def test_offers_to_run_nothing_that_would_be_live(
        self, site: Site, window: Watched, business: Business
    ) -> None:
        await window.page.goto(site.at(business.slug, "/reference"))
        await expect(window.page.locator("#forgotPassword")).to_be_visible()
        assert await window.page.locator("#forgotPassword button", has_text="Run").count() == 0

    @pytest.mark.parametrize("path", ["/reference", "/help", "/help/errors", "/help/webhooks"])
    async def test_fits_on_a_phone(self, site: Site, window: Watched, business: Business, path: str) -> None:
        await window.page.set_viewport_size(PHONE)  # type: ignore[arg-type] # a TypedDict of the library's own
        await window.page.goto(site.at(business.slug, path))
        assert await window.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


class TestSamples:
    async def test_are_javascript(self, site: Site, window: Watched) -> None:
        reference = reference_of(site.app.openapi(), for_platform=True)
        operations = [operation for section in reference.sections for operation in section.operations]
        samples = [samples_of(each.call, "https://demo.example.com", TOKEN)["JavaScript"] for each in operations]
        parse = "samples => samples.forEach(sample => (async () => {}).constructor(sample))"
        await window.page.evaluate(parse, samples)


class TestSwagger:
    async def test_runs_an_example(self, site: Site, window: Watched, business: Business, token: str) -> None:
        page = window.page
        await page.goto(site.at(business.slug, "/docs"))
        await page.get_by_role("button", name="Authorize").first.click(timeout=3 * PATIENCE_MILLISECONDS)
        await page.locator("#auth-bearer-value").fill(token)
        await page.get_by_role("button", name="Apply credentials").first.click()
        await page.get_by_role("button", name="Close").first.click()
        operation = page.locator("#operations-Customers-createCustomer")
        await operation.get_by_role("button").first.click()
        await operation.get_by_role("button", name="Try it out").click()
        await operation.get_by_role("button", name="Execute").click()
        await expect(operation.locator(".live-responses-table")).to_contain_text("Grace Hopper")
        await expect(operation.locator(".live-responses-table")).to_contain_text("201")


class TestGuides:
    async def test_copy_a_block_of_code(self, site: Site, window: Watched, business: Business) -> None:
        page = window.page
        await window.context.grant_permissions(["clipboard-read", "clipboard-write"])
        await page.goto(site.at(business.slug, "/help"))
        await page.get_by_role("button", name="Copy").first.click()
        await expect(page.get_by_role("button", name="Copied")).to_be_visible()
        assert (await page.evaluate("navigator.clipboard.readText()")).startswith("export API=")
