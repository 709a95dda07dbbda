"""Which methods an address takes: those that the OpenAPI document names, HEAD where GET is, and OPTIONS."""

import re
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.core.ids import uuid7
from app.routers.routing import API_PREFIX
from tests.actors import Business

METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}


@pytest.fixture(scope="module")
def addresses(app: FastAPI) -> dict[str, set[str]]:
    """An address of each path of the API, and the methods that the document has there."""
    paths: dict[str, dict[str, Any]] = app.openapi()["paths"]
    return {
        re.sub(r"\{\w+\}", lambda _match: str(uuid7()), path): {method.upper() for method in operations}
        for path, operations in paths.items()
        if path.startswith(API_PREFIX)
    }


def allowed(answer: httpx.Response) -> set[str]:
    return set(answer.headers["allow"].split(", "))


class TestMethods:
    async def test_every_other_method_is_refused(self, business: Business, addresses: dict[str, set[str]]) -> None:
        for address, methods in addresses.items():
            for method in METHODS - methods:
                answer = await business.anonymous.request(method, address)
                assert (answer.status_code, allowed(answer)) == (405, methods), (method, address)
                assert answer.json()["code"] == "method-not-allowed"

    async def test_options_says_which_there_are(self, business: Business, addresses: dict[str, set[str]]) -> None:
        for address, methods in addresses.items():
            answer = await business.anonymous.options(address)
            assert (answer.status_code, allowed(answer), answer.content) == (204, methods, b""), address

    async def test_an_unknown_address_takes_none(self, business: Business) -> None:
        assert (await business.anonymous.options("/api/v1/nothing")).status_code == 404


class TestHead:
    @pytest.mark.parametrize("path", ["/api/v1/services", "/api/v1/services/nonsense", "/healthz", "/nothing"])
    async def test_answers_as_get_does_without_the_body(self, business: Business, path: str) -> None:
        full, head = await business.owner.get(path), await business.owner.head(path)
        assert (head.status_code, head.content) == (full.status_code, b"")
        ours = {"x-request-id"}
        assert {n: v for n, v in head.headers.items() if n not in ours} == {
            n: v for n, v in full.headers.items() if n not in ours
        }

    async def test_is_refused_where_get_is(self, business: Business) -> None:
        assert (await business.owner.head("/api/v1/auth/login")).status_code == 405
