"""Problems in the languages of their readers: nothing is missing, nothing is stale, and no sentence is put together."""

import ast
import re
from collections.abc import Iterator
from typing import Annotated, Any, get_args

import pytest
from babel.messages.pofile import read_po
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import TypeAdapter
from pydantic_core.core_schema import ErrorType

from app.errors import InvalidValue, NotFound, ValidationFailed
from app.errors.complaints import COMPLAINTS, UNHEARD_OF, complaint
from app.errors.sentences import PLACE, fill
from app.errors.translation import CATALOGUES, ENGLISH, LANGUAGES, catalogue, negotiate
from app.routers.problems import document
from tests.docs.markdown import ROOT
from tests.errors.said import arguments, sentences

TRANSLATIONS = [language for language in LANGUAGES if language != ENGLISH]
CODE = re.compile(r"`[^`]+`")
PUT_TOGETHER = (ast.JoinedStr, ast.BinOp)

# What Pydantic can find wrong, by the kind of value that a request holds. Kinds that find nothing themselves follow.
FINDINGS = {
    "model": "model_type model_attributes_type missing extra_forbidden",
    "dict": "dict_type invalid_key",
    "list": "list_type too_short too_long",
    "tuple": "tuple_type",
    "str": "string_type string_unicode string_too_short string_too_long string_pattern_mismatch",
    "int": "int_type int_parsing int_parsing_size int_from_float finite_number"
    " greater_than greater_than_equal less_than less_than_equal multiple_of",
    "bool": "bool_type bool_parsing",
    "enum": "enum",
    "literal": "literal_error",
    "uuid": "uuid_type uuid_parsing",
    "date": "date_type date_parsing date_from_datetime_parsing date_from_datetime_inexact",
    "datetime": "datetime_type datetime_parsing datetime_object_invalid datetime_from_date_parsing timezone_aware",
    "function-after": "value_error",
}
SILENT = {
    "any",
    "default",
    "definition-ref",
    "definitions",
    "function-before",
    "model-field",
    "model-fields",
    "no-info",
    "nullable",
    "time",
    "with-info",
}


def kinds_of(schema: Any) -> Iterator[str]:
    """The kinds of values in one of Pydantic's schemas."""
    if isinstance(schema, dict):
        if isinstance(schema.get("type"), str):
            yield schema["type"]
        for name, each in schema.items():
            if name not in {"metadata", "serialization"}:
                yield from kinds_of(each)
    elif isinstance(schema, list | tuple):
        for each in schema:
            yield from kinds_of(each)


def kinds_taken_by(dependant: Dependant) -> Iterator[str]:
    """The kinds of values that an operation, or one of its dependencies, takes from a request."""
    fields = [*dependant.path_params, *dependant.query_params, *dependant.header_params, *dependant.body_params]
    for field in fields:
        annotation: Any = Annotated[field.field_info.annotation, field.field_info]
        yield from kinds_of(TypeAdapter(annotation).core_schema)
    for each in dependant.dependencies:
        yield from kinds_taken_by(each)


class TestCatalogue:
    @pytest.mark.parametrize("language", TRANSLATIONS)
    def test_has_every_sentence_and_no_other(self, language: str) -> None:
        assert catalogue(language).keys() - sentences() == set(), "stale"
        assert sentences() - catalogue(language).keys() == set(), "missing"

    @pytest.mark.parametrize("language", TRANSLATIONS)
    def test_says_each_in_its_own_words(self, language: str) -> None:
        with (CATALOGUES / language / "LC_MESSAGES" / "problems.po").open("rb") as file:
            messages = [message for message in read_po(file, language) if message.id]
        assert not [message.id for message in messages if message.fuzzy or message.string in {"", message.id}]

    @pytest.mark.parametrize("language", TRANSLATIONS)
    def test_keeps_the_places_of_values_and_what_programs_read(self, language: str) -> None:
        for sentence, translation in catalogue(language).items():
            assert sorted(PLACE.findall(translation)) == sorted(PLACE.findall(sentence)), sentence
            assert sorted(CODE.findall(translation)) == sorted(CODE.findall(sentence)), sentence


class TestSentences:
    def test_none_is_put_together_where_it_is_raised(self) -> None:
        """Its values stand in `params`; a sentence with values inside would have no translation."""
        for taker, said in arguments():
            found = [ast.unparse(each) for each in ast.walk(said) if isinstance(each, PUT_TOGETHER)]
            assert not found, taker

    def test_validators_raise_what_can_be_translated(self) -> None:
        """InvalidValue is a ValueError with a template and a code."""
        sources = {path.name: path.read_text() for path in (ROOT / "app").rglob("*.py")}
        of_pydantic = {name for name, code in sources.items() if "from pydantic import" in code}
        found = {name for name in of_pydantic if "raise ValueError" in sources[name]}
        assert found <= {"settings.py", "pagination.py"}  # told to operators; answered as CursorInvalid

    def test_a_value_is_never_read_as_a_template(self) -> None:
        problem = NotFound("There is no tier '{name}'.", params={"name": "{secret} {name} {0.__class__} %s"})
        assert problem.detail == "There is no tier '{secret} {name} {0.__class__} %s'."
        assert fill("{__class__} {0} {name.real} {name!r} {", {"name": 1}) == "{__class__} {0} {name.real} {name!r} {"

    def test_lists_are_told_one_by_one(self) -> None:
        assert fill("Near are: {starts}.", {"starts": ["9:00", "10:00"]}) == "Near are: 9:00, 10:00."
        assert fill("Near are: {starts}.", {"starts": []}) == "Near are: -."


class TestComplaints:
    def test_there_is_one_for_all_that_a_request_can_have_wrong(self, app: FastAPI) -> None:
        routes = [route for route in app.routes if isinstance(route, APIRoute)]
        kinds = {kind for route in routes for kind in kinds_taken_by(route.dependant)}
        assert kinds <= FINDINGS.keys() | SILENT
        assert COMPLAINTS.keys() == set(" ".join(FINDINGS.values()).split())

    def test_pydantic_knows_their_names(self) -> None:
        assert COMPLAINTS.keys() <= set(get_args(ErrorType))

    def test_the_unheard_of_is_told_all_the_same(self) -> None:
        error = complaint("/price", {"type": "decimal_type", "msg": "Decimal input should be …"})
        assert (error.code, error.detail) == UNHEARD_OF
        error = complaint("/price", {"type": "value_error", "ctx": {"error": ValueError("is {odd}")}})
        assert (error.code, error.detail) == ("invalid", "is {odd}")


class TestNegotiate:
    @pytest.mark.parametrize(
        ("accepted", "language"),
        [
            ("", "en"),
            ("es", "es"),
            ("es-MX", "es"),
            ("DE-AT", "de"),
            ("fr-CA, fr;q=0.9, en;q=0.8", "fr"),
            ("en-GB, es;q=0.9", "en"),
            ("es;q=0.2, de;q=0.7", "de"),
            ("pt-BR, pt;q=0.9", "en"),
            ("pt, es;q=0.1", "es"),
            ("es;q=0, de;q=0.1", "de"),
            ("*", "en"),
            ("es;q=nonsense, fr", "fr"),
            (";;;,,=, \x7f", "en"),
            ("x" * 5000 + ", es", "en"),
        ],
    )
    def test_finds_the_best_of_ours(self, accepted: str, language: str) -> None:
        assert negotiate(accepted) == language


class TestDocument:
    @pytest.mark.parametrize(
        ("language", "title", "detail", "complaint"),
        [
            ("en", "Some of the input is not valid", "`errors` lists", "must have 3 to 40 characters"),
            ("es", "Algunos de los datos no son válidos", "`errors` enumera", "debe tener de 3 a 40 caracteres"),
            ("fr", "Certaines données ne sont pas valables", "`errors` énumère", "doit avoir de 3 à 40 caractères"),
            ("de", "Einige der Angaben sind nicht gültig", "`errors` führt", "muss 3 bis 40 Zeichen haben"),
        ],
    )
    def test_is_in_the_language_of_its_reader(self, language: str, title: str, detail: str, complaint: str) -> None:
        params = {"least": 3, "most": 40}
        wrong = InvalidValue("must have {least} to {most} characters", code="length", params=params).at("/slug")
        body = document(ValidationFailed(errors=[wrong]), instance="/", request_id="1", language=language)
        assert (body["code"], body["title"]) == ("validation-failed", title)
        assert body["detail"].startswith(detail)
        assert body["errors"] == [{"pointer": "/slug", "code": "length", "detail": complaint, "params": params}]
