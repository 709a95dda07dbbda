"""The pages that mails lead to: nothing from elsewhere, nothing inline, and no GET that uses anything up."""

import re
from html.parser import HTMLParser
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import update

from app.db.invalidation import announce
from app.mail.links import AccountPage, account_link
from app.models.public import TenantRow
from app.routers.account_pages import ASSETS
from app.settings import Environment, Settings
from app.tenancy.tenant import tenant_tag
from tests.actors import Business, Platform

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
SENDS = {
    AccountPage.ACCEPT_INVITATION: ("/api/v1/invitations/accept", {"token", "name", "password"}),
    AccountPage.RESET_PASSWORD: ("/api/v1/auth/reset-password", {"token", "password"}),
    AccountPage.CONFIRM_EMAIL: ("/api/v1/auth/confirm-email", {"token"}),
    AccountPage.CONFIRM_EMAIL_CHANGE: ("/api/v1/auth/confirm-email-change", {"token"}),
    AccountPage.FINISH_SIGN_UP: ("/api/v1/auth/confirm-sign-up", {"token", "password"}),
    AccountPage.SIGN_IN_AS: ("/api/v1/masquerade/redeem", {"code"}),
}

Element = tuple[str, dict[str, str | None]]


class Page(HTMLParser):
    """The elements of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def form(self) -> dict[str, str | None]:
        (form,) = self.all("form")
        return form


async def opened(client: httpx.AsyncClient, page: AccountPage) -> Page:
    answer = await client.get(f"/account/{page}")
    assert answer.status_code == 200
    return Page(answer.text)


@pytest.mark.parametrize("page", AccountPage)
class TestEachPage:
    async def test_lets_nothing_in_and_nothing_out(self, platform: Platform, page: AccountPage) -> None:
        headers = (await platform.anonymous.get(f"/account/{page}")).headers
        assert headers["content-security-policy"] == CSP
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["content-type"] == "text/html; charset=utf-8"

    async def test_has_nothing_inline_and_nothing_from_elsewhere(self, platform: Platform, page: AccountPage) -> None:
        shown = await opened(platform.anonymous, page)
        assert "style" not in dict(shown.elements)
        assert not [attributes for _, attributes in shown.elements if any(each.startswith("on") for each in attributes)]
        assert not [attributes for _, attributes in shown.elements if "style" in attributes]
        fetched = [each["src"] for each in shown.all("script")] + [each["href"] for each in shown.all("link")]
        assert all(path and re.match(r"/account/", path) for path in fetched)
        for path in fetched:
            assert (await platform.anonymous.get(str(path))).status_code == 200

    async def test_sends_what_the_operation_takes(self, platform: Platform, page: AccountPage) -> None:
        shown = await opened(platform.anonymous, page)
        endpoint, sent = SENDS[page]
        named = {each["name"] for each in shown.all("input") if "name" in each}
        assert (shown.form["data-endpoint"], named | {shown.form["data-code"]}) == (endpoint, sent)

    async def test_calls_an_operation_that_there_is(self, app: FastAPI, page: AccountPage) -> None:
        endpoint, sent = SENDS[page]
        document = app.openapi()
        body = document["paths"][endpoint]["post"]["requestBody"]["content"]["application/json"]["schema"]
        schema = document["components"]["schemas"][body["$ref"].rpartition("/")[2]]
        assert set(schema["properties"]) == set(schema["required"]) == sent

    async def test_without_its_script_puts_nothing_into_an_address(self, platform: Platform, page: AccountPage) -> None:
        form = (await opened(platform.anonymous, page)).form
        assert form["method"] == "post"
        assert "hidden" in form

    async def test_names_every_field_and_where_its_mistakes_are_told(
        self, platform: Platform, page: AccountPage
    ) -> None:
        shown = await opened(platform.anonymous, page)
        ids = {attributes.get("id") for _, attributes in shown.elements}
        labelled = {each.get("for") for each in shown.all("label")}
        for field in (each for each in shown.all("input") if "name" in each):
            assert field["id"] in labelled
            described = str(field["aria-describedby"]).split()
            assert set(described) <= ids
            assert f"{field['name']}-error" in described
        assert [each["role"] for each in shown.all("p") if "role" in each] == ["alert"]
        assert [each["aria-live"] for each in shown.all("section")] == ["polite"]
        assert [each["lang"] for each in shown.all("html")] == ["en"]

    async def test_is_on_the_platforms_host_too(self, platform: Platform, page: AccountPage) -> None:
        assert "<header>Smooth Schedule</header>" in (await platform.anonymous.get(f"/account/{page}")).text

    async def test_is_where_its_link_leads(self, settings: Settings, bystander: Business, page: AccountPage) -> None:
        link = httpx.URL(account_link(settings, bystander.slug, page, "Abc_-123"))
        assert link.host == bystander.host
        assert (await bystander.anonymous.get(link.copy_with(fragment=None).raw_path.decode())).status_code == 200

    async def test_is_only_read(self, bystander: Business, page: AccountPage) -> None:
        assert (await bystander.anonymous.post(f"/account/{page}")).status_code == 405


class TestPages:
    @pytest.mark.parametrize("name", ["log-in", "..%2Fpages%2Flayout", "layout", "fields.html", "Reset-Password"])
    async def test_others_do_not_exist(self, business: Business, name: str) -> None:
        answer = await business.anonymous.get(f"/account/{name}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found")

    async def test_are_not_on_hosts_that_are_nobodys(self, platform: Platform) -> None:
        answer = await platform.at("nobody.localhost").get("/account/reset-password")
        assert answer.json()["code"] == "tenant-not-found"

    async def test_show_the_name_and_the_colour_of_the_business(self, app: FastAPI, business: Business) -> None:
        await change(app, business, name="Ada & <b>Co</b>", brand_color="#ffcc00")
        page = (await business.anonymous.get("/account/reset-password")).text
        sheet = await business.anonymous.get("/account/brand.css")
        assert "<header>Ada &amp; &lt;b&gt;Co&lt;/b&gt;</header>" in page
        assert sheet.text == ":root { --brand: #ffcc00; --on-brand: #000000; }\n"
        assert sheet.headers["content-type"] == "text/css; charset=utf-8"

    async def test_share_a_script_that_keeps_the_code_out_of_every_address(self, business: Business) -> None:
        script = await business.anonymous.get(f"{ASSETS}/account.js")
        assert script.headers["content-type"].startswith("text/javascript")
        assert 'history.replaceState(null, "", location.pathname)' in script.text
        assert "innerHTML" not in script.text


class TestLinks:
    @pytest.mark.parametrize(
        ("changes", "address"),
        [
            ({"port": 8000}, "http://salon.localhost:8000"),
            ({"port": 80}, "http://salon.localhost"),
            (
                {
                    "environment": Environment.PRODUCTION,
                    "secret_key": "a secret key of nobody's production",
                    "public_scheme": "https",
                    "root_domain": "example.com",
                    "smtp_url": "smtp://mail.example",
                },
                "https://salon.example.com",
            ),
        ],
    )
    def test_are_absolute_with_the_code_in_the_fragment(self, changes: dict[str, Any], address: str) -> None:
        settings = Settings(_env_file=None, **changes)
        link = account_link(settings, "salon", AccountPage.RESET_PASSWORD, "Abc_-123")
        assert link == f"{address}/account/reset-password#Abc_-123"

    def test_lead_to_the_platform_without_a_business(self) -> None:
        link = account_link(Settings(_env_file=None, port=80), None, AccountPage.CONFIRM_EMAIL, "x")
        assert link == "http://platform.localhost/account/confirm-email#x"


async def change(app: FastAPI, business: Business, **values: str) -> None:
    async with app.state.database.transaction() as session:
        statement = update(TenantRow).where(TenantRow.slug == business.slug).values(**values).returning(TenantRow.id)
        announce(session, tenant_tag(await session.scalar(statement)))
