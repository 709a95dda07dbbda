"""The back office in a real browser. A window fails its test if a page complains, or asks anything of another host."""

import re
from collections.abc import AsyncIterator

import httpx
import pyotp
import pytest
from playwright.async_api import Page, expect
from sqlalchemy import delete

from app.auth.roles import Role
from app.core.clock import utcnow
from app.models.public import PasskeyRow
from app.people.users import create_user
from tests.actors import PASSWORD
from tests.auth.authenticator import Authenticator
from tests.browser.site import Site, Watched

ROOT = "robin@platform.example"
REASON = "Ticket 4711: wrong opening hours"


@pytest.fixture(scope="module")
async def people(site: Site) -> dict[str, str]:
    """The platform's people and a business with its owner, as the pictures show them: the ids."""
    named = {
        ROOT: ("Robin Root", Role.SUPERUSER),
        "boss@platform.example": ("Bo Boss", Role.SUPERUSER),
        "mina@platform.example": ("Mina Manager", Role.PLATFORM_MANAGER),
        "sami@platform.example": ("Sami Sales", Role.PLATFORM_SALES),
        "sune@platform.example": ("Sune Support", Role.PLATFORM_SUPPORT),
    }
    ids = {}
    async with site.app.state.database.transaction() as session:
        for email, (name, role) in named.items():
            user = await create_user(
                session, email=email, name=name, password=PASSWORD, role=role, tenant_id=None, now=utcnow()
            )
            ids[email] = str(user.id)
    return ids


@pytest.fixture
async def api(site: Site, people: dict[str, str]) -> AsyncIterator[httpx.AsyncClient]:
    """The platform's API, for what a test has to find set up."""
    by_mina = {"email": next(email for email in people if email.startswith("mina")), "password": PASSWORD}
    transport = httpx.ASGITransport(site.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://platform.localhost") as client:
        answer = await client.post("/api/v1/auth/login", json=by_mina)
        client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        client.cookies.clear()
        yield client


async def sign_up(api: httpx.AsyncClient, slug: str, name: str) -> str:
    """A business with its owner; its id."""
    owner = {"email": f"owner@{slug}.example", "name": "Olga Owner", "password": PASSWORD}
    body = {"name": name, "slug": slug, "subscription_tier": "STARTER", "owner": owner}
    answer = await api.post("/api/v1/platform/tenants", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def add_passkey(site: Site, api: httpx.AsyncClient) -> Authenticator:
    """Give the caller of the API a passkey."""
    passkey = Authenticator(site.app.state.runtime.settings.origin("platform.localhost"))
    begun = await api.post("/api/v1/me/passkeys/options", json={"current_password": PASSWORD})
    made = passkey.make(begun.json()["public_key"])
    body = {"challenge": begun.json()["challenge"], "name": "Key ring", "credential": made}
    assert (await api.post("/api/v1/me/passkeys", json=body)).status_code == 201
    return passkey


async def forget_passkeys(site: Site) -> None:
    """Leave the people as the other tests know them."""
    async with site.app.state.database.transaction() as session:
        await session.execute(delete(PasskeyRow))


async def plug_in(window: Watched, passkey: Authenticator | None) -> None:
    """Give the window a device that holds this passkey, or none, and that a finger is always laid upon."""
    devtools = await window.context.new_cdp_session(window.page)
    await devtools.send("WebAuthn.enable")
    device = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    added = await devtools.send("WebAuthn.addVirtualAuthenticator", {"options": device})
    if passkey is not None:
        credential = passkey.export("platform.localhost")
        await devtools.send(
            "WebAuthn.addCredential", {"authenticatorId": added["authenticatorId"], "credential": credential}
        )


async def log_in(page: Page, site: Site, email: str = "mina@platform.example", path: str = "/admin/") -> None:
    """Log in at the form, and be where one wanted to go."""
    await page.goto(site.at("platform", path))
    await fill_in(page, email)
    await page.wait_for_url(f"**{path}")


async def fill_in(page: Page, email: str) -> None:
    """Send the log-in's form."""
    await page.get_by_label("E-mail").fill(email)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Log in").click()


@pytest.mark.usefixtures("people")
class TestLogIn:
    async def test_with_an_authenticator_app(self, site: Site, window: Watched) -> None:
        page = window.page
        await log_in(page, site, ROOT)
        await expect(page.get_by_role("heading", name="Overview")).to_be_visible()
        await page.get_by_role("link", name="Second factor", exact=True).click()
        await page.get_by_label("Your password once more").fill(PASSWORD)
        await page.get_by_role("button", name="Set up an authenticator app").click()
        await expect(page.locator(".qr svg")).to_be_visible()
        secret = await page.locator("p .hash").inner_text()
        app = pyotp.TOTP(secret)
        await page.get_by_label("The code that the app shows now").fill(app.now())
        await page.get_by_role("button", name="Confirm").click()
        codes = await page.locator("main li").all_inner_texts()
        assert len(codes) >= 8
        await page.get_by_role("link", name="I have kept them").click()
        await page.get_by_role("button", name="Log out").click()

        await window.show("back-office-log-in")
        await fill_in(page, ROOT)
        await expect(page.get_by_role("heading", name="Second factor")).to_be_visible()
        await page.get_by_label("Code of your authenticator app").fill(app.at(utcnow(), counter_offset=1))
        await page.get_by_role("button", name="Go on").click()
        await expect(page.get_by_role("heading", name="Overview")).to_be_visible()
        await expect(page.locator("header").get_by_text("SUPERUSER")).to_be_visible()
        await window.show("back-office-overview")

    async def test_with_a_passkey_alone_and_after_the_password(
        self, site: Site, window: Watched, api: httpx.AsyncClient
    ) -> None:
        page = window.page
        await plug_in(window, await add_passkey(site, api))
        try:
            for with_password in (True, False):
                await page.goto(site.at("platform", "/admin/tenants"))
                if with_password:
                    await fill_in(page, "mina@platform.example")
                    await expect(page.get_by_role("heading", name="Second factor")).to_be_visible()
                    await expect(page.get_by_label("Code of your authenticator app")).to_have_count(0)
                await page.get_by_role("button", name="Use a passkey").click()
                await expect(page.get_by_role("heading", name="Businesses")).to_be_visible()
                await page.get_by_role("button", name="Log out").click()
        finally:
            await forget_passkeys(site)

    async def test_with_a_passkey_that_is_not_there(self, site: Site, window: Watched) -> None:
        page = window.page
        await plug_in(window, None)
        await page.goto(site.at("platform", "/admin/login"))
        await page.get_by_role("button", name="Use a passkey").click()
        await expect(page.get_by_role("alert")).to_have_text("No passkey was used. Try again, or begin again.")


class TestMasquerade:
    async def test_through_the_hand_over_and_back(self, site: Site, window: Watched, api: httpx.AsyncClient) -> None:
        await sign_up(api, "waves", "Waves & Curls")
        page = window.page
        await log_in(page, site, "sune@platform.example", "/admin/users")
        await page.get_by_label("Name or e-mail").fill("waves")
        await page.get_by_role("button", name="Show", exact=True).click()
        await page.get_by_role("link", name="Masquerade as Olga Owner").click()
        await page.get_by_label("Reason").fill(REASON)
        await window.show("back-office-user")
        await page.get_by_role("button", name="Act as Olga Owner").click()
        async with window.context.expect_page() as opened:
            await page.get_by_role("link", name="Go on at the user's own host").click()
        there = await opened.value
        assert there.url.startswith(site.at("waves", "/account/sign-in-as"))
        await there.get_by_role("button", name="Begin").click()
        await expect(there.get_by_text("You act in the user's place now")).to_be_visible()
        await window.show("back-office-hand-over", of=there)
        me = await there.evaluate("fetch('/api/v1/me').then(answer => answer.json())")
        assert (me["user"]["email"], me["masquerade"]["actor"]["email"]) == (
            "owner@waves.example",
            "sune@platform.example",
        )
        assert me["masquerade"]["reason"] == REASON
        ended = await there.evaluate(
            "token => fetch('/api/v1/masquerade', {method: 'DELETE', headers: {'X-CSRF-Token': token}})"
            ".then(answer => answer.status)",
            me["csrf_token"],
        )
        assert ended == 204

    async def test_as_a_colleague_is_on_every_page_until_it_is_ended(
        self, site: Site, window: Watched, people: dict[str, str]
    ) -> None:
        page = window.page
        await log_in(page, site, "boss@platform.example", f"/admin/users/{people['sami@platform.example']}")
        await page.get_by_label("Reason").fill(REASON)
        await page.get_by_role("button", name="Act as Sami Sales").click()
        await page.get_by_role("link", name="Businesses").first.click()
        await expect(page.get_by_text("boss@platform.example acts as sami@platform.example.")).to_be_visible()
        await window.show("back-office-masquerade")
        await page.get_by_role("button", name="End masquerade").click()
        await expect(page.get_by_text("You are yourself again.")).to_be_visible()
        await expect(page.locator("header").get_by_text("SUPERUSER")).to_be_visible()


class TestGrants:
    async def test_are_revoked_together(
        self, site: Site, window: Watched, api: httpx.AsyncClient, people: dict[str, str]
    ) -> None:
        body = {
            "grantee_id": people["sami@platform.example"],
            "permissions": ["audit:read", "operations:read"],
            "reason": "Holiday cover for Mina",
        }
        assert (await api.post("/api/v1/grants", json=body)).status_code == 201
        page = window.page
        await log_in(page, site, path="/admin/grants")
        await page.get_by_label("State").select_option("active")
        await page.get_by_role("button", name="Show", exact=True).click()
        await expect(page.get_by_role("row", name="audit:read of Sami Sales")).to_be_visible()
        await window.show("back-office-grants")
        await page.get_by_label("Tick all").check()
        await page.get_by_role("button", name="Revoke what is ticked").click()
        await expect(page.get_by_text("The grants are revoked.")).to_be_visible()
        await expect(page.get_by_role("row", name=re.compile("operations:read.*Sami Sales.*revoked"))).to_be_visible()


class TestTenants:
    async def test_are_suspended_and_resumed_by_the_keyboard(
        self, site: Site, window: Watched, api: httpx.AsyncClient
    ) -> None:
        await sign_up(api, "garage", "Garage Gustav")
        page = window.page
        await log_in(page, site, path="/admin/tenants")
        await page.get_by_label("Name, slug or host").fill("gustav")
        await page.keyboard.press("Enter")
        await page.get_by_role("link", name="Garage Gustav").press("Enter")
        await page.locator("summary", has_text="Suspend").press("Enter")
        await window.show("back-office-tenant")
        await page.get_by_role("button", name="Suspend Garage Gustav").press("Enter")
        await expect(page.get_by_text("The business is suspended.")).to_be_visible()
        await page.get_by_role("button", name="Resume Garage Gustav").press("Enter")
        await expect(page.get_by_text("The business is served again.")).to_be_visible()
        await page.get_by_role("link", name="Audit trail").last.click()
        await expect(page.get_by_role("cell", name="tenant.resumed")).to_be_visible()
        await page.get_by_role("button", name="Verify now").click()
        await expect(page.get_by_text("entries fit, from the first to the end.")).to_be_visible()
        await page.get_by_role("link", name="Back to the trail").click()
        await window.show("back-office-audit")


class TestTickets:
    async def test_are_answered_and_sorted(self, site: Site, window: Watched, api: httpx.AsyncClient) -> None:
        await sign_up(api, "bistro", "Bistro Berta")
        asked = {
            "subject": "Bookings of yesterday are gone",
            "body": "Since this morning the list begins with today.\n\nWe get by, but our cash book does not.",
            "topic": "bookings",
            "impact": "hindered",
        }
        transport = httpx.ASGITransport(site.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://bistro.localhost") as owner:
            by_olga = {"email": "owner@bistro.example", "password": PASSWORD}
            answer = await owner.post("/api/v1/auth/login", json=by_olga)
            headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
            owner.cookies.clear()
            assert (await owner.post("/api/v1/platform-tickets", json=asked, headers=headers)).status_code == 201
        page = window.page
        await log_in(page, site, "sune@platform.example", "/admin/tickets")
        await page.get_by_label("Subject or business").fill("berta")
        await page.get_by_role("button", name="Show", exact=True).click()
        await page.get_by_role("link", name=asked["subject"]).click()
        await page.get_by_label("Looked after by").select_option(label="Sune Support, PLATFORM_SUPPORT")
        await page.get_by_label("Category").select_option("fault")
        await page.get_by_role("button", name="Sort it so").click()
        await expect(page.get_by_text("The ticket is sorted so.")).to_be_visible()
        await page.get_by_label("Your words").fill("The export of the night before was late. Ask Mina.")
        await page.get_by_role("button", name="Keep as a note").press("Enter")
        await expect(page.get_by_text("The business does not see it.")).to_be_visible()
        await page.get_by_label("Your words").fill("They are back. The list had a filter too many.")
        await page.get_by_role("button", name="Answer", exact=True).click()
        await expect(page.get_by_text("The business has your answer.")).to_be_visible()
        unlabelled = await page.locator("input:not([type=hidden]), select, textarea").evaluate_all(
            "fields => fields.filter(field => !field.labels.length).map(field => field.name)"
        )
        assert unlabelled == []
        await page.goto(page.url.partition("?")[0])
        await window.show("back-office-ticket")


@pytest.mark.usefixtures("people")
class TestLooks:
    async def test_every_page_is_in_order_in_both_themes_and_on_a_phone(self, site: Site, window: Watched) -> None:
        page = window.page
        await log_in(page, site, "boss@platform.example")
        for path in ("", "tenants", "users", "tickets", "grants", "audit", "webhooks", "jobs", "tiers", "tiers/FREE"):
            await page.emulate_media(color_scheme="light")
            await page.goto(site.at("platform", f"/admin/{path}"))
            await expect(page.locator("html")).to_have_attribute("data-bs-theme", "light")
            await page.emulate_media(color_scheme="dark")
            await expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
            unlabelled = await page.locator("input:not([type=hidden]), select").evaluate_all(
                "fields => fields.filter(field => !field.labels.length && !field.ariaLabel).map(field => field.name)"
            )
            assert unlabelled == []
        await page.goto(site.at("platform", "/admin/users"))
        await window.show("back-office-users")
        await page.emulate_media(reduced_motion="reduce")  # nobody clicks at what is still moving
        await page.set_viewport_size({"width": 400, "height": 800})
        await page.get_by_role("button", name="Toggle navigation").click()
        await page.get_by_role("link", name="Jobs").click()
        await expect(page.get_by_role("heading", name="Queue")).to_be_visible()
