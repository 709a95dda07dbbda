"""The OpenAPI document, held against the routes: what it says of an operation is what the operation does."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from app.errors import (
    BadRequest,
    Conflict,
    Forbidden,
    ListenerLimit,
    MethodNotAllowed,
    SandboxOnly,
    SocketLimit,
    SocketMessageTooLarge,
    problem_types,
)
from app.routers.idempotency import takes_keys
from app.routers.openapi import TAGS
from app.routers.operations import TRANSACTIONS, asks_who_calls, sets_cookies
from app.routers.problems import MEDIA_TYPE

# Operations that ask for no caller.
OPEN = {
    "logIn",
    "answerChallenge",
    "challengePasskey",
    "logInWithPasskey",
    "refreshSession",
    "redeemMasquerade",
    "getHost",
    "getPicture",
    "acceptInvitation",
    "signUpCustomer",
    "confirmEmail",
    "confirmSignUp",
    "forgotPassword",
    "resetPassword",
    "confirmEmailChange",
    "describeHost",
    "describeProblem",
    "checkHealth",
    "checkReadiness",
}
# No operation answers with these: families that are never raised themselves, a wrong method.
OF_NO_OPERATION = {kind.code() for kind in (BadRequest, Forbidden, Conflict, MethodNotAllowed)}
OF_THE_SOCKET = {
    kind.code() for kind in (SandboxOnly, ListenerLimit, SocketLimit, SocketMessageTooLarge)
}  # which OpenAPI has no word for


@pytest.fixture(scope="module")
def document(app: FastAPI) -> dict[str, Any]:
    return app.openapi()


@pytest.fixture(scope="module")
def operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [operation for path in document["paths"].values() for operation in path.values()]


def problems_of(operation: dict[str, Any]) -> Iterator[str]:
    """The codes of the problems that an operation can answer with."""
    for response in operation["responses"].values():
        yield from response.get("content", {}).get(MEDIA_TYPE, {}).get("examples", {})


def api_routes(app: FastAPI) -> list[APIRoute]:
    return [route for route in app.routes if isinstance(route, APIRoute)]


def parameters_of(operation: dict[str, Any]) -> set[str]:
    return {parameter.get("name") or parameter["$ref"] for parameter in operation.get("parameters", ())}


class TestDocument:
    def test_describes_every_operation(self, operations: list[dict[str, Any]]) -> None:
        tags = {tag["name"] for tag in TAGS}
        for operation in operations:
            assert operation["summary"], operation["operationId"]
            assert operation["description"], operation["operationId"]
            assert set(operation["tags"]) <= tags, operation["operationId"]

    def test_names_the_permission_that_each_wants(self, operations: list[dict[str, Any]]) -> None:
        described = {operation["operationId"]: operation["description"] for operation in operations}
        assert described["bookAppointment"].endswith("Needs `appointments:write`.")
        assert described["createToken"].endswith("Needs `tokens:write`, in a session: no token will do.")
        assert described["getMe"].endswith("Needs no permission of its own.")
        assert "Needs" not in described["getHost"]

    def test_says_who_has_to_say_who_they_are(self, operations: list[dict[str, Any]]) -> None:
        assert {operation["operationId"] for operation in operations if "security" not in operation} == OPEN

    @pytest.mark.parametrize(
        ("parameter", "code"),
        [
            ("cursor", "cursor-invalid"),
            ("if-match", "revision-stale"),
            ("sandbox-now", "clock-invalid"),
            ("sandbox-now", "sandbox-clock-refused"),
            ("#/components/parameters/SmoothVersion", "version-unknown"),
            ("Idempotency-Key", "idempotency-key-invalid"),
        ],
    )
    def test_names_the_problems_of_each_parameter(
        self, operations: list[dict[str, Any]], parameter: str, code: str
    ) -> None:
        taking = {each["operationId"] for each in operations if parameter in parameters_of(each)}
        assert taking == {each["operationId"] for each in operations if code in problems_of(each)}

    def test_names_every_problem_somewhere(self, operations: list[dict[str, Any]]) -> None:
        named = {code for operation in operations for code in problems_of(operation)}
        assert {kind.code() for kind in problem_types()} - named == OF_NO_OPERATION | OF_THE_SOCKET

    def test_shows_a_problem_document_with_each(self, operations: list[dict[str, Any]]) -> None:
        for operation in operations:
            for status, response in operation["responses"].items():
                for code, example in response.get("content", {}).get(MEDIA_TYPE, {}).get("examples", {}).items():
                    assert (example["value"]["code"], str(example["value"]["status"])) == (code, status)


class TestIdempotency:
    def test_is_offered_by_every_operation_that_creates(self, operations: list[dict[str, Any]]) -> None:
        creating = {each["operationId"] for each in operations if "201" in each["responses"]} | {"runBatch"}
        assert creating <= {each["operationId"] for each in operations if "Idempotency-Key" in parameters_of(each)}

    def test_is_offered_by_no_operation_that_sets_cookies(self, app: FastAPI) -> None:
        assert not [route.unique_id for route in api_routes(app) if takes_keys(route) and sets_cookies(route)]

    def test_says_what_comes_of_it(self, operations: list[dict[str, Any]]) -> None:
        for operation in operations:
            responses = operation["responses"].items()
            replayed = {status for status, each in responses if "Idempotency-Replayed" in each.get("headers", {})}
            assert all(status.startswith("2") for status in replayed)
            told = {"idempotency-key-in-use", "idempotency-key-reused"} & {*problems_of(operation)}
            # A batch tells of each of its requests in the result.
            is_keyed = "Idempotency-Key" in parameters_of(operation) and operation["operationId"] != "runBatch"
            assert (bool(replayed), len(told)) == (is_keyed, 2 * is_keyed), operation["operationId"]

    def test_asks_for_the_permission_before_it_looks_for_an_answer(self, app: FastAPI) -> None:
        for route in api_routes(app):
            calls = [dependency.call for dependency in route.dependant.dependencies]
            if takes_keys(route):
                (begins,) = [place for place, call in enumerate(calls) if call in TRANSACTIONS]
                assert all(place < begins for place, call in enumerate(calls) if asks_who_calls(call)), route.unique_id
