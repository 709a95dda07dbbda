"""What browsers are told of every answer, and that nobody is led to another address."""

import re
from base64 import b64encode
from collections.abc import AsyncIterator
from hashlib import sha256

import httpx
import pytest
from fastapi import FastAPI

from app.main import create_app
from app.settings import Settings
from tests.actors import PASSWORD, Business

PATHS = ("/api/v1/me", "/api/v1/nothing", "/", "/healthz", "/openapi.json", "/docs", "/docs/assets/swagger-ui.css")


def directives(answer: httpx.Response) -> dict[str, list[str]]:
    """The Content-Security-Policy of an answer, read."""
    found = [directive.split() for directive in answer.headers["content-security-policy"].split(";")]
    return {name: sources for name, *sources in found}


@pytest.fixture
async def secure_app(settings: Settings) -> AsyncIterator[FastAPI]:
    """The application as it is served over https."""
    application = create_app(settings.model_copy(update={"public_scheme": "https"}))
    async with application.router.lifespan_context(application):
        yield application


class TestEveryAnswer:
    @pytest.mark.parametrize("path", PATHS)
    async def test_stays_within_its_own_site(self, bystander: Business, path: str) -> None:
        answer = await bystander.anonymous.get(path)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"

    @pytest.mark.parametrize("path", PATHS)
    async def test_fits_in_nobodys_frame(self, bystander: Business, path: str) -> None:
        policy = directives(await bystander.anonymous.get(path))
        assert policy["frame-ancestors"] == policy["object-src"] == policy["base-uri"] == ["'none'"]

    @pytest.mark.parametrize("path", ["/api/v1/me", "/api/v1/nothing", "/", "/healthz", "/openapi.json"])
    async def test_of_data_runs_and_loads_nothing_when_shown_as_a_page(self, business: Business, path: str) -> None:
        answer = await business.owner.get(path)
        assert answer.headers["content-type"] in {"application/json", "application/problem+json"}
        policy = directives(answer)
        assert (policy["default-src"], policy["form-action"], policy["sandbox"]) == (["'none'"], ["'none'"], [])

    async def test_names_the_characters_of_its_text(self, business: Business) -> None:
        for path in ("/docs", "/docs/assets/swagger-ui.css", "/docs/assets/swagger-ui-bundle.js"):
            assert (await business.anonymous.get(path)).headers["content-type"].endswith("; charset=utf-8")

    async def test_allows_no_other_origin_anything(self, business: Business) -> None:
        origin = {"Origin": "https://elsewhere.example"}
        asked = await business.owner.get("/api/v1/me", headers=origin)
        preflight = await business.owner.options(
            "/api/v1/me", headers=origin | {"Access-Control-Request-Method": "GET"}
        )
        assert asked.status_code == 200
        for answer in (asked, preflight):
            assert not [name for name in answer.headers if name.startswith("access-control-")]


class TestOverHttps:
    @pytest.mark.parametrize("path", ["/api/v1/me", "/healthz", "/docs"])
    async def test_browsers_are_told_to_stay_with_it(self, secure_app: FastAPI, business: Business, path: str) -> None:
        client = business.at(business.host, app=secure_app)
        answer = await client.get(path)
        assert answer.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"

    async def test_the_other_hosts_of_a_businesss_domain_are_left_alone(
        self, secure_app: FastAPI, business: Business
    ) -> None:
        answer = await business.at("salon.example", app=secure_app).get("/healthz")
        assert answer.headers["strict-transport-security"] == "max-age=31536000"

    async def test_a_look_alike_of_our_domain_is_not_ours(self, secure_app: FastAPI, business: Business) -> None:
        answer = await business.at("notlocalhost", app=secure_app).get("/healthz")
        assert answer.headers["strict-transport-security"] == "max-age=31536000"

    async def test_cookies_go_nowhere_else(self, secure_app: FastAPI, business: Business) -> None:
        client = business.at(business.host, app=secure_app)
        answer = await client.post("/api/v1/auth/login", json={"email": business.email, "password": PASSWORD})
        cookies = [cookie.split("; ") for cookie in answer.headers.get_list("set-cookie")]
        assert [pair.partition("=")[0] for pair, *_ in cookies] == ["__Host-access_token", "__Host-refresh_token"]
        for _, *attributes in cookies:
            assert {"Secure", "HttpOnly", "Path=/", "SameSite=lax"} <= {*attributes}
            assert not [attribute for attribute in attributes if attribute.lower().startswith("domain")]

    async def test_nothing_is_said_of_it_over_http(self, business: Business) -> None:
        assert "strict-transport-security" not in (await business.anonymous.get("/healthz")).headers


class TestLogOut:
    async def test_clears_what_the_browser_has_kept_of_this_host(self, business: Business) -> None:
        answer = await business.owner.post("/api/v1/auth/logout")
        assert answer.status_code == 204
        assert answer.headers["clear-site-data"] == '"storage"'
        assert [cookie.split("=")[0] for cookie in answer.headers.get_list("set-cookie")] == [
            "access_token",
            "refresh_token",
            "sandbox_mode",
        ]
        assert all("Max-Age=0" in cookie for cookie in answer.headers.get_list("set-cookie"))


class TestAddress:
    @pytest.mark.parametrize("path", ["/api/v1/customers/", "/docs/", "/healthz/"])
    async def test_with_a_slash_too_many_is_not_found_and_leads_nowhere(self, business: Business, path: str) -> None:
        answer = await business.owner.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
        assert "location" not in answer.headers

    async def test_of_a_folder_shows_no_list_of_it(self, business: Business) -> None:
        for path in ("/docs/assets", "/docs/assets/", "/docs/assets/%2e%2e/__init__.py"):
            assert (await business.anonymous.get(path)).status_code == 404

    @pytest.mark.parametrize("method", ["TRACE", "TRACK", "CONNECT"])
    async def test_takes_no_method_that_tells_of_the_request(self, business: Business, method: str) -> None:
        answer = await business.owner.request(method, "/api/v1/me")
        assert (answer.status_code, answer.json()["code"]) == (405, "method-not-allowed")


class TestDocumentationPage:
    async def test_runs_its_own_script_and_no_other(self, business: Business) -> None:
        page = await business.anonymous.get("/docs")
        (script,) = re.findall(r"<script>(.*?)</script>", page.text, re.DOTALL)
        digest = b64encode(sha256(script.encode()).digest()).decode()
        assert directives(page)["script-src"] == ["'self'", f"'sha256-{digest}'"]

    async def test_keeps_no_token_in_the_browser(self, business: Business) -> None:
        assert '"persistAuthorization": false' in (await business.anonymous.get("/docs")).text
