"""Every failure is a problem document that says what to do."""

from collections.abc import AsyncIterator
from uuid import UUID

import orjson
import pytest
from fastapi import FastAPI

from app.core.logs import formatter
from app.db.engine import make_engine
from app.db.session import Database
from app.errors import Problem, problem_types
from app.main import create_app
from app.settings import Settings
from tests.actors import Business, Platform
from tests.conftest import Caller

FIELDS = {"type", "title", "status", "code", "detail", "instance", "request_id", "params", "errors"}


class TestProblemDocument:
    async def test_malformed_json_is_pointed_at(self, business: Business) -> None:
        answer = await business.owner.post(
            "/api/v1/customers", content=b'{"name": "Ada",}', headers={"Content-Type": "application/json"}
        )
        assert answer.status_code == 400
        assert answer.headers["content-type"] == "application/problem+json"
        body = answer.json()
        assert body.keys() == FIELDS
        assert body["type"] == "/problems/malformed-json"
        assert body["detail"] == "The body is not valid JSON: look at character 15."
        assert body["params"] == {"position": 15, "reason": "Expecting property name enclosed in double quotes"}
        assert body["instance"] == "/api/v1/customers"
        assert body["request_id"] == answer.headers["x-request-id"]

    async def test_a_missing_body_is_named(self, business: Business) -> None:
        answer = await business.owner.post("/api/v1/customers")
        assert (answer.status_code, answer.json()["code"]) == (422, "validation-failed")

    async def test_a_body_that_is_no_json_object_is_told_what_to_be(self, business: Business) -> None:
        for content, media_type in (("name=Ada", "application/x-www-form-urlencoded"), ("[]", "application/json")):
            answer = await business.owner.post(
                "/api/v1/customers", content=content, headers={"Content-Type": media_type}
            )
            assert answer.status_code == 422
            assert "`Content-Type: application/json`" in answer.json()["errors"][0]["detail"]

    async def test_an_instant_without_an_offset_is_told_to_have_one(self, business: Business) -> None:
        times = {"service_id": str(UUID(int=1)), "start": "2026-12-01T09:00:00", "end": "2026-12-02T09:00:00Z"}
        answer = await business.owner.get("/api/v1/availability", params=times)
        (error,) = answer.json()["errors"]
        assert (error["pointer"], error["detail"][:18]) == ("start", "must end in `Z` or")

    async def test_an_instant_is_no_number(self, business: Business) -> None:
        answer = await business.owner.get("/api/v1/audit", params={"until": "0"})
        (error,) = answer.json()["errors"]
        assert (error["pointer"], error["code"]) == ("until", "instant")

    async def test_an_unknown_path_is_not_found(self, business: Business) -> None:
        answer = await business.anonymous.get("/api/v1/nothing")
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found")

    async def test_a_wrong_method_says_which_are_right(self, business: Business) -> None:
        answer = await business.anonymous.put("/api/v1/me")
        assert (answer.status_code, answer.json()["code"]) == (405, "method-not-allowed")
        assert answer.headers["allow"] == "GET"

    async def test_a_wrong_parameter_is_named(self, business: Business) -> None:
        answer = await business.owner.get("/api/v1/customers", params={"limit": 101})
        assert answer.json()["errors"][0]["pointer"] == "limit"

    async def test_complaints_are_fewer_than_the_mistakes_somebody_can_send(self, business: Business) -> None:
        fields = await business.anonymous.post("/api/v1/auth/login", json={f"unknown_{n}": n for n in range(5000)})
        assert (fields.status_code, len(fields.json()["errors"])) == (422, 1)
        resource = await business.make("/resources", {"kind": "room", "name": "Room"})
        schedule = {"timezone": "UTC", "weekly": [], "overrides": [{}] * 400}
        items = await business.owner.put(f"/api/v1/resources/{resource['id']}/schedule", json=schedule)
        assert (items.status_code, len(items.json()["errors"])) == (422, 100)

    async def test_an_error_of_ours_tells_nothing_of_the_inside(self, business: Business, app: FastAPI) -> None:
        @app.get("/explode", include_in_schema=False)
        async def explode() -> None:
            raise ZeroDivisionError("the secret inside")

        answer = await business.anonymous.get("/explode")
        assert (answer.status_code, answer.json()["code"]) == (500, "internal-error")
        assert "secret" not in answer.text
        assert answer.json()["request_id"] == answer.headers["x-request-id"]

    async def test_an_error_of_ours_is_in_the_log_under_its_id(
        self, business: Business, app: FastAPI, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(caplog.handler, "formatter", formatter(as_json=True))

        @app.get("/explode-again", include_in_schema=False)
        async def explode() -> None:
            raise ZeroDivisionError("the secret inside")

        answer = await business.anonymous.get("/explode-again")
        (line,) = [orjson.loads(each) for each in caplog.text.splitlines() if "ZeroDivisionError" in each]
        assert (line["level"], line["message"]) == ("ERROR", "unhandled error")
        assert line["request_id"] == answer.headers["x-request-id"]

    async def test_a_lost_database_says_when_to_try_again(
        self, business: Business, app: FastAPI, settings: Settings
    ) -> None:
        database = app.state.database
        app.state.database = Database(make_engine(settings.database_url + "/nowhere", pool_size=1))
        answer = await business.owner.get("/api/v1/customers")
        await app.state.database.close()
        app.state.database = database
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert answer.headers["retry-after"] == "2"
        assert "nowhere" not in answer.text

    async def test_a_field_is_pointed_at_by_a_json_pointer(self, business: Business) -> None:
        answer = await business.owner.post("/api/v1/customers", json={"name": "Ada", "a/b~c": 1})
        (error,) = answer.json()["errors"]
        assert error == {
            "pointer": "/a~1b~0c",
            "code": "unknown-field",
            "detail": "is no field that is known here",
            "params": {},
        }

    async def test_a_program_can_say_by_itself_what_is_wrong(self, business: Business) -> None:
        unknown = UUID(int=1)
        answer = await business.owner.get(f"/api/v1/customers/{unknown}")
        assert (answer.json()["code"], answer.json()["params"]) == ("customer-not-found", {"customer_id": str(unknown)})
        answer = await business.owner.post("/api/v1/customers", json={"name": "x" * 121})
        (error,) = answer.json()["errors"]
        assert (error["pointer"], error["code"]) == ("/name", "too-long")
        assert error["params"] == {"max_length": 120}

    async def test_a_type_leads_to_its_description(self, platform: Platform) -> None:
        for kind in problem_types():
            answer = await platform.anonymous.get(f"/problems/{kind.code()}")
            assert answer.status_code == 200
            assert answer.json()["title"] == kind.title()
        assert (await platform.anonymous.get("/problems/unheard-of")).status_code == 404


class TestLanguage:
    async def test_is_english_where_none_is_asked_for(self, business: Business) -> None:
        answer = await business.anonymous.get("/api/v1/nothing")
        assert answer.json()["title"] == "There is nothing at this address"
        assert answer.headers["content-language"] == "en"
        assert "Accept-Language" in answer.headers["vary"]

    @pytest.mark.parametrize(
        ("accepted", "language", "title"),
        [
            ("es-MX, en;q=0.5", "es", "No existe ese cliente"),
            ("fr", "fr", "Ce client n\u2019existe pas"),
            ("de-CH", "de", "Diesen Kunden gibt es nicht"),
            ("pt-BR", "en", "There is no such customer"),
        ],
    )
    async def test_is_the_one_asked_for(self, business: Business, accepted: str, language: str, title: str) -> None:
        unknown = UUID(int=1)
        answer = await business.owner.get(f"/api/v1/customers/{unknown}", headers={"Accept-Language": accepted})
        assert (answer.headers["content-language"], answer.json()["title"]) == (language, title)
        assert answer.json()["code"] == "customer-not-found"
        assert str(unknown) in answer.json()["detail"]

    async def test_is_also_that_of_each_field(self, business: Business) -> None:
        headers = {"Accept-Language": "es"}
        answer = await business.owner.post("/api/v1/customers", json={"name": ""}, headers=headers)
        assert answer.json()["errors"][0]["detail"] == "es demasiado corto; su longitud mínima es 1"

    async def test_is_also_that_of_what_goes_wrong_outside_of_an_operation(self, business: Business) -> None:
        headers = {"Accept-Language": "de", "Content-Length": str(1024 * 1024 + 1)}
        answer = await business.anonymous.post("/api/v1/auth/login", content=b"", headers=headers)
        assert (answer.status_code, answer.json()["title"]) == (413, "Der Inhalt der Anfrage ist zu groß")

    async def test_is_also_that_of_the_description_of_a_type(self, business: Business) -> None:
        answer = await business.anonymous.get("/problems/archived", headers={"Accept-Language": "fr"})
        assert (answer.headers["content-language"], answer.json()["title"]) == ("fr", "L\u2019élément est archivé")
        assert answer.json()["advice"].startswith("Ce qui est archivé")


class TestRefusal:
    @pytest.mark.parametrize(
        ("code", "method", "path", "headers"),
        [
            ("unauthenticated", "GET", "/api/v1/me", {}),
            ("token-invalid", "GET", "/api/v1/me", {"Authorization": "Bearer made-up"}),
            ("cross-site-request", "POST", "/api/v1/auth/login", {"Origin": "https://evil.example"}),
            ("validation-failed", "POST", "/api/v1/auth/login", {}),
        ],
    )
    async def test_is_in_the_log(
        self,
        business: Business,
        caplog: pytest.LogCaptureFixture,
        code: str,
        method: str,
        path: str,
        headers: dict[str, str],
    ) -> None:
        caplog.set_level("INFO", "app.routers.problems")
        body = {"email": "grace@hopper.example", "pass": "a secret"} if method == "POST" else None
        answer = await business.anonymous.request(method, path, json=body, headers=headers)
        assert answer.json()["code"] == code
        assert caplog.messages == [f"{method} {path} was refused: {code}"]

    async def test_names_what_was_asked_for_and_no_value(
        self, business: Business, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level("INFO", "app.routers.problems")
        await business.anonymous.get("/api/v1/customers/made-up", params={"q": "Grace"})
        assert caplog.messages == ["GET /api/v1/customers/{customer_id} was refused: unauthenticated"]

    async def test_of_guessing_is_in_the_log_each_time(
        self, business: Business, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level("INFO", "app.routers.problems")
        for _ in range(6):
            body = {"email": business.email, "password": "not the password"}
            await business.anonymous.post("/api/v1/auth/login", json=body)
        words = [message.rpartition(" ")[2] for message in caplog.messages]
        assert words == ["credentials-invalid"] * 5 + ["too-many-attempts"]


class TestProblemType:
    @pytest.mark.parametrize("kind", problem_types())
    def test_says_what_and_what_to_do(self, kind: type[Problem]) -> None:
        assert kind.title()
        assert kind.advice()
        assert 400 <= kind.status < 600

    def test_codes_are_unique(self) -> None:
        codes = [kind.code() for kind in problem_types()]
        assert len(codes) == len(set(codes))


class TestRequest:
    async def test_a_sane_request_id_is_kept(self, business: Business) -> None:
        answer = await business.anonymous.get("/healthz", headers={"X-Request-Id": "order-4711-abc"})
        assert answer.headers["x-request-id"] == "order-4711-abc"
        answer = await business.anonymous.get("/api/v1/nothing", headers={"X-Request-Id": "order-4712-abc"})
        assert answer.json()["request_id"] == answer.headers["x-request-id"] == "order-4712-abc"

    @pytest.mark.parametrize("offered", ["short", "x" * 65, "with space and more", "new\tline-1234"])
    async def test_any_other_is_replaced(self, business: Business, offered: str) -> None:
        answer = await business.anonymous.get("/healthz", headers={"X-Request-Id": offered})
        assert answer.headers["x-request-id"] != offered

    async def test_answers_of_the_api_are_not_stored(self, business: Business) -> None:
        assert (await business.owner.get("/api/v1/me")).headers["cache-control"] == "no-store"
        assert "cache-control" not in (await business.anonymous.get("/docs/assets/swagger-ui.css")).headers

    async def test_a_body_over_a_mebibyte_is_refused(self, business: Business) -> None:
        answer = await business.owner.post("/api/v1/customers", content=b"x" * (1024 * 1024 + 1))
        assert (answer.status_code, answer.json()["code"]) == (413, "payload-too-large")

    async def test_also_when_it_comes_in_pieces(self, business: Business) -> None:
        async def pieces() -> AsyncIterator[bytes]:
            for _ in range(20):
                yield b"x" * 100_000

        answer = await business.owner.post(
            "/api/v1/customers", content=pieces(), headers={"Content-Type": "application/json"}
        )
        assert (answer.status_code, answer.json()["code"]) == (413, "payload-too-large")


class TestHealth:
    async def test_is_alive_on_any_host(self, platform: Platform) -> None:
        answer = await platform.anonymous.get("/healthz", headers={"Host": "10.0.0.7"})
        assert answer.json() == {"status": "ok"}

    async def test_is_ready(self, platform: Platform) -> None:
        answer = await platform.anonymous.get("/readyz")
        assert answer.status_code == 200
        assert answer.json() == {"status": "ready", "database": True, "redis": True, "migrations": True}

    @pytest.mark.parametrize(
        ("away", "found"),
        [
            ("database_url", {"database": False, "redis": True, "migrations": False}),
            ("redis_url", {"database": True, "redis": False, "migrations": True}),
        ],
    )
    async def test_is_not_ready_without(
        self, settings: Settings, at: Caller, away: str, found: dict[str, bool]
    ) -> None:
        url = {"database_url": f"{settings.database_url}/nowhere", "redis_url": "redis://127.0.0.1:1"}[away]
        app = create_app(settings.model_copy(update={away: url}))
        client = at("10.0.0.7", app=app)
        answer = await client.get("/readyz")
        assert (answer.status_code, answer.json()) == (503, {"status": "not ready"} | found)
        assert (await client.get("/healthz")).status_code == 200
        await app.state.runtime.queue.close()
        await app.state.database.close()


class TestDocumentation:
    async def test_swagger_comes_wholly_from_the_host(self, business: Business) -> None:
        page = await business.anonymous.get("/docs")
        assert page.status_code == 200
        assert "https://" not in page.text
        for name in ("swagger-ui-bundle.js", "swagger-ui.css", "favicon.png"):
            assert f"/docs/assets/{name}" in page.text
            assert (await business.anonymous.get(f"/docs/assets/{name}")).status_code == 200
