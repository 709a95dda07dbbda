"""Getting into the back office, staying, and leaving."""

import re

import httpx
import pyotp
import pytest
from fastapi import FastAPI
from sqlalchemy import select
from starlette.routing import Mount, Route

from app.auth.roles import Role
from app.auth.session_limits import limits_of
from app.auth.tags import session_tag
from app.db.invalidation import announce
from app.main import create_app
from app.models.public import UserSessionRow
from app.settings import Settings
from tests.actors import PASSWORD, Business, Platform
from tests.admin.conftest import Hire
from tests.admin.office import HOST, OWN_PAGE, Office, words
from tests.conftest import Caller


class TestHosts:
    async def test_a_business_has_no_back_office(self, business: Business) -> None:
        for path in ("/admin/", "/admin/login", "/admin/tenants", "/admin/static/office.css"):
            answer = await business.owner.get(path)
            assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
            assert answer.headers["content-type"] == "application/problem+json"

    async def test_nor_has_a_host_that_nobody_knows(self, at: Caller) -> None:
        answer = await at("nobody.localhost").get("/admin/")
        assert (answer.status_code, answer.json()["code"]) == (404, "tenant-not-found")

    async def test_the_address_without_its_slash_leads_there(self, stranger: httpx.AsyncClient) -> None:
        answer = await stranger.get("/admin")
        assert (answer.status_code, answer.headers["location"]) == (308, "/admin/")

    async def test_a_bearer_token_opens_nothing(self, platform: Platform) -> None:
        answer = await platform.superuser.get("/admin/")
        assert (answer.status_code, answer.headers["location"]) == (303, "/admin/login?next=%2Fadmin%2F")


class TestPages:
    async def test_browsers_may_do_nothing_with_them_that_they_do_not_need(self, stranger: httpx.AsyncClient) -> None:
        answer = await stranger.get("/admin/login")
        policy = answer.headers["content-security-policy"]
        assert "script-src 'self';" in policy
        assert "style-src 'self';" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["cache-control"] == "no-store"

    async def test_they_come_wholly_from_their_host(self, superuser: Office) -> None:
        for path in ("/", "/tenants", "/users", "/grants", "/audit", "/webhooks", "/jobs", "/tiers"):
            page = await superuser.open(path)
            assert page.status_code == 200
            assert {*re.findall(r"(?:src|href|action)=\"(https?://[^/\"]*)", page.text)} == {f"http://{HOST}"}
            assert not re.search(r"<style|<script>|\s(?:style|on\w+)=", page.text)

    async def test_links_keep_to_https_behind_a_proxy(self, settings: Settings, at: Caller) -> None:
        app = create_app(settings.model_copy(update={"public_scheme": "https"}))
        page = await at(HOST, app=app).get("/admin/login")
        assert f"https://{HOST}/admin/static/" in page.text
        assert f"http://{HOST}/" not in page.text

    async def test_an_unexpected_error_is_answered_as_everywhere(self, superuser: Office, app: FastAPI) -> None:
        async def explode(_request: object) -> None:
            raise ZeroDivisionError("the secret inside")

        (mount,) = (route for route in app.routes if isinstance(route, Mount) and route.path == "/admin")
        assert isinstance(mount.routes, list)
        mount.routes.append(Route("/explode", explode))
        try:
            answer = await superuser.open("/explode")
        finally:
            mount.routes.pop()
        assert (answer.status_code, answer.json()["code"]) == (500, "internal-error")
        assert "secret" not in answer.text


class TestLogIn:
    async def test_leads_back_to_what_was_asked_for(self, hire: Hire) -> None:
        office = await hire(Role.SUPERUSER, enters=False)
        sent_away = await office.open("/tenants", q="hair")
        assert sent_away.headers["location"] == "/admin/login?next=%2Fadmin%2Ftenants%3Fq%3Dhair"
        form = await office.client.get(sent_away.headers["location"])
        assert 'name="next" value="/admin/tenants?q=hair"' in form.text
        answer = await office.log_in(next="/admin/tenants?q=hair")
        assert answer.headers["location"] == "/admin/tenants?q=hair"
        assert "Businesses" in words(await office.open("/tenants"))

    @pytest.mark.parametrize(
        "wanted",
        [
            "https://evil.example/admin/",
            "//evil.example/admin/",
            "/\\evil.example",
            "\\\\evil.example",
            "/admin/\r\nSet-Cookie: a=b",
            "javascript:alert(1)",
            "/adminevil.example",
            "/api/v1/auth/logout",
            "",
        ],
    )
    async def test_leads_nowhere_else(self, hire: Hire, wanted: str) -> None:
        office = await hire(Role.PLATFORM_SALES, enters=False)
        assert (await office.log_in(next=wanted)).headers["location"] == "/admin/"
        again = await office.open("/login", next=wanted)
        assert (again.status_code, again.headers["location"]) == (303, "/admin/")

    async def test_sets_the_cookies_of_the_api_and_no_other(self, hire: Hire) -> None:
        office = await hire(Role.PLATFORM_SUPPORT, enters=False)
        await office.log_in()
        assert set(office.client.cookies) == {"access_token", "refresh_token"}
        me = await office.client.get("/api/v1/me")
        assert me.json()["user"]["email"] == office.email
        await office.open("/")
        assert set(office.client.cookies) == {"access_token", "refresh_token"}

    async def test_a_wrong_password_and_an_unknown_address_look_alike(self, hire: Hire) -> None:
        office = await hire(Role.PLATFORM_SALES, enters=False)
        pages = [
            await office.post("/login", email=email, password="not the password")
            for email in (office.email, "nobody@platform.example")
        ]
        assert [page.status_code for page in pages] == [401, 401]
        first, second = (words(page) for page in pages)
        assert first == second
        assert "The e-mail address or the password is wrong" in first

    async def test_is_throttled_as_the_apis_is(self, hire: Hire) -> None:
        office = await hire(Role.PLATFORM_SALES, enters=False)
        for _ in range(5):
            assert (await office.post("/login", email=office.email, password="wrong password")).status_code == 401
        answer = await office.log_in()
        assert answer.status_code == 429
        assert int(answer.headers["retry-after"]) > 0
        assert "Try again in" in words(answer)
        by_api = {"email": office.email, "password": PASSWORD}
        assert (await office.client.post("/api/v1/auth/login", json=by_api)).status_code == 429

    async def test_is_refused_from_another_site(self, hire: Hire) -> None:
        office = await hire(Role.SUPERUSER, enters=False)
        for headers in ({}, {"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
            form = {"email": office.email, "password": PASSWORD}
            answer = await office.client.post("/admin/login", data=form, headers=headers)
            assert answer.status_code == 403
            assert not office.client.cookies

    async def test_what_is_no_address_is_named(self, hire: Hire) -> None:
        office = await hire(Role.PLATFORM_SALES, enters=False)
        answer = await office.post("/login", email="nobody", password="whatever it is")
        assert answer.status_code == 422
        assert "email: " in words(answer)

    async def test_a_business_users_password_counts_at_their_business_alone(
        self, stranger: httpx.AsyncClient, business: Business
    ) -> None:
        form = {"email": business.email, "password": PASSWORD}
        assert (await stranger.post("/admin/login", data=form, headers=OWN_PAGE)).status_code == 401


class TestSecondFactor:
    async def test_is_set_up_here_and_asked_for_from_then_on(self, superuser: Office) -> None:
        codes = await superuser.set_up_app()
        assert len(codes) >= 8
        superuser.client.cookies.clear()
        asked = await superuser.log_in(next="/admin/users")
        assert asked.status_code == 200
        assert not superuser.client.cookies
        challenge = asked.text.partition('name="challenge" value="')[2].partition('"')[0]
        wrong = await superuser.post("/login/code", challenge=challenge, code="000000", next="/admin/users")
        assert wrong.status_code == 401
        assert challenge in wrong.text
        answer = await superuser.post("/login/code", challenge=challenge, code=codes[0], next="/admin/users")
        assert (answer.status_code, answer.headers["location"]) == (303, "/admin/users")
        assert (await superuser.open("/users")).status_code == 200

    async def test_a_code_of_the_app_counts_once(self, superuser: Office) -> None:
        await superuser.set_up_app()
        assert superuser.secret
        superuser.client.cookies.clear()
        challenge = (await superuser.log_in()).text.partition('name="challenge" value="')[2].partition('"')[0]
        used = pyotp.TOTP(superuser.secret).now()
        assert (await superuser.post("/login/code", challenge=challenge, code=used)).status_code == 401

    async def test_a_made_up_challenge_leads_back_to_the_password(self, superuser: Office) -> None:
        answer = await superuser.post("/login/code", challenge="made-up", code="123456")
        assert answer.status_code == 410
        assert 'name="password"' in answer.text

    async def test_setting_it_up_wants_the_password(self, superuser: Office) -> None:
        answer = await superuser.post("/second-factor/begin", current_password="not the password")
        assert answer.status_code == 403

    async def test_a_wrong_first_code_can_be_tried_again(self, superuser: Office) -> None:
        await superuser.post("/second-factor/begin", current_password=PASSWORD)
        answer = await superuser.post("/second-factor/confirm", code="000000")
        assert answer.status_code == 401
        assert 'name="code"' in answer.text

    async def test_whoever_has_to_set_it_up_can_do_nothing_before(self, settings: Settings, hire: Hire) -> None:
        app = create_app(settings.model_copy(update={"require_second_factor": True}))
        async with app.router.lifespan_context(app):
            office = await hire(Role.SUPERUSER, app=app)
            assert "Set up a second factor first" in words(await office.open("/"))
            assert "/admin/tenants" not in (await office.open("/")).text
            assert (await office.open("/tenants")).status_code == 403
            await office.set_up_app()
            assert (await office.open("/tenants")).status_code == 200


class TestStay:
    async def test_a_worn_out_access_token_is_exchanged(self, superuser: Office) -> None:
        before = superuser.client.cookies["refresh_token"]
        superuser.client.cookies.delete("access_token")
        assert (await superuser.open("/tenants")).status_code == 200
        assert superuser.client.cookies["refresh_token"] != before
        superuser.client.cookies.delete("access_token")
        assert (await superuser.post("/second-factor/begin", current_password=PASSWORD)).status_code == 200

    async def test_it_stays_exchanged_when_the_form_is_refused(self, superuser: Office) -> None:
        superuser.client.cookies.delete("access_token")
        answer = await superuser.post("/second-factor/begin", csrf_token="", current_password=PASSWORD)
        assert answer.status_code == 403
        assert (await superuser.open("/tenants")).status_code == 200

    async def test_not_for_another_site(self, superuser: Office) -> None:
        superuser.client.cookies.delete("access_token")
        form = {"csrf_token": superuser.token, "current_password": PASSWORD}
        answer = await superuser.client.post(
            "/admin/second-factor/begin", data=form, headers={"Origin": "https://evil.example"}
        )
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers

    async def test_a_made_up_refresh_token_leads_to_the_log_in(self, superuser: Office) -> None:
        superuser.client.cookies.clear()
        superuser.client.cookies.set("refresh_token", "made-up")
        assert (await superuser.open("/tenants")).headers["location"].startswith("/admin/login?")

    async def test_one_who_did_nothing_for_an_hour_is_out(self, superuser: Office, app: FastAPI) -> None:
        async with app.state.database.transaction() as session:
            row = UserSessionRow
            last = (await session.scalars(select(row).where(row.user_id == superuser.user_id))).one()
            last.rotated_at -= limits_of(superuser.role).idle
            announce(session, session_tag(last.id))
        assert (await superuser.open("/tenants")).headers["location"].startswith("/admin/login?")

    async def test_a_revoked_session_is_out_at_once(self, hire: Hire, superuser: Office) -> None:
        office = await hire(Role.PLATFORM_SUPPORT)
        assert (await office.open("/tenants")).status_code == 200
        await superuser.post(f"/users/{office.user_id}/revoke-sessions")
        assert (await office.open("/tenants")).headers["location"].startswith("/admin/login?")


class TestLogOut:
    async def test_ends_the_session(self, superuser: Office) -> None:
        kept = dict(superuser.client.cookies)
        answer = await superuser.post("/logout")
        assert (answer.status_code, answer.headers["location"]) == (303, "/admin/login")
        assert not superuser.client.cookies
        superuser.client.cookies.update(kept)
        assert (await superuser.open("/")).status_code == 303

    async def test_is_no_matter_of_a_link(self, superuser: Office) -> None:
        assert (await superuser.open("/logout")).status_code == 405
        assert (await superuser.open("/")).status_code == 200
