"""Rules that make the OpenAPI document good to read and to generate clients from."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from openapi_schema_validator import OAS31Validator

from app.routers.problems import MEDIA_TYPE

JSON = "application/json"
NAME = re.compile(r"[A-Z][A-Za-z0-9]+")
METHOD_NAME = re.compile(r"[a-z]+([A-Z][a-z]+)+")
READING = {"get", "list", "find", "describe", "check", "export"}
"""What the names of operations begin with that change nothing."""

Node = dict[str, Any]


@pytest.fixture(scope="module")
def document(app: FastAPI) -> Node:
    return app.openapi()


@pytest.fixture(scope="module")
def operations(document: Node) -> dict[str, tuple[str, Node]]:
    """The method and the description of each operation, by its id."""
    return {
        operation["operationId"]: (method, operation)
        for path in document["paths"].values()
        for method, operation in path.items()
    }


@pytest.fixture(scope="module")
def answers(operations: dict[str, tuple[str, Node]]) -> list[tuple[str, str, Node]]:
    """Every body that an operation can answer with: of which, its media type, and what is said of it."""
    return [
        (name, media_type, content)
        for name, (_, operation) in operations.items()
        for response in operation["responses"].values()
        for media_type, content in response.get("content", {}).items()
    ]


def faults(document: Node, schema: Node, value: object) -> list[str]:
    """What a schema of the document has against a value."""
    validator = OAS31Validator(
        {**schema, "components": document["components"]}, format_checker=OAS31Validator.FORMAT_CHECKER
    )
    return [error.message for error in validator.iter_errors(value)]


def is_named(schema: Node) -> bool:
    """Whether a schema is one with a name, or a list or a choice of such."""
    if "items" in schema:
        return is_named(schema["items"])
    return "$ref" in schema or ("anyOf" in schema and all(map(is_named, schema["anyOf"])))


def parameters(document: Node, operation: Node) -> Iterator[Node]:
    for parameter in operation.get("parameters", ()):
        yield document["components"]["parameters"].get(parameter.get("$ref", "").rpartition("/")[2], parameter)


class TestDocument:
    def test_names_its_schemas_as_classes(self, document: Node) -> None:
        assert not [name for name in document["components"]["schemas"] if not NAME.fullmatch(name)]

    def test_refers_to_all_its_schemas(self, document: Node) -> None:
        referred = set(re.findall(r"'#/components/schemas/(\w+)'", repr(document)))
        assert referred == {*document["components"]["schemas"]}


class TestOperation:
    def test_has_a_name_of_its_own_that_says_what_it_does(self, document: Node, operations: Node) -> None:
        assert len(operations) == sum(len(path) for path in document["paths"].values())
        for name, (method, _) in operations.items():
            assert METHOD_NAME.fullmatch(name), name
            assert (re.split("[A-Z]", name)[0] in READING) <= (method == "get" or name.startswith("check")), name

    def test_says_in_a_line_and_in_sentences_what_it_does(self, operations: Node) -> None:
        for name, (_, operation) in operations.items():
            assert re.fullmatch(r"[A-Z][^.\n]{3,60}[^.\n]", operation["summary"]), name
            assert operation["description"].endswith((".", "!", "`")), name
            assert len(operation["tags"]) == 1, name

    def test_says_what_each_parameter_is(self, document: Node, operations: Node) -> None:
        for name, (_, operation) in operations.items():
            for parameter in parameters(document, operation):
                assert parameter["description"].endswith((".", "!", ")")), (name, parameter["name"])

    def test_refuses_callers_where_it_asks_for_one(self, operations: Node) -> None:
        for name, (_, operation) in operations.items():
            assert ("401" in operation["responses"]) >= ("security" in operation), name

    def test_says_what_can_go_wrong(self, operations: Node) -> None:
        for name, (_, operation) in operations.items():
            if name == "checkReadiness":  # a report, whatever it says
                continue
            wrong = {status for status in operation["responses"] if status >= "400"}
            assert wrong or name in {"describeHost", "checkHealth"}, name
            for status in wrong:
                assert operation["responses"][status]["content"].keys() == {MEDIA_TYPE}, (name, status)


class TestBody:
    def test_has_an_example_that_fits(self, document: Node, operations: Node) -> None:
        for name, (_, operation) in operations.items():
            if "requestBody" in operation:
                content = operation["requestBody"]["content"][JSON]
                assert content["example"], name
                assert not faults(document, content["schema"], content["example"]), name

    def test_has_a_schema_with_a_name(self, operations: Node) -> None:
        for name, (_, operation) in operations.items():
            for content in operation.get("requestBody", {}).get("content", {}).values():
                assert "$ref" in content["schema"], name


class TestAnswer:
    def test_has_a_schema_with_a_name(self, answers: list[tuple[str, str, Node]]) -> None:
        for name, media_type, content in answers:
            assert media_type not in {JSON, MEDIA_TYPE} or is_named(content["schema"]), name

    def test_of_a_problem_has_examples_that_fit(self, document: Node, answers: list[tuple[str, str, Node]]) -> None:
        examples = {
            code: example["value"]
            for _, media_type, content in answers
            if media_type == MEDIA_TYPE
            for code, example in content["examples"].items()
        }
        assert examples
        for code, example in examples.items():
            assert not faults(document, {"$ref": "#/components/schemas/Problem"}, example), code
