"""The OpenAPI document as a reference shows it: operations by subject, with examples, and the objects they answer."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

from app.core.examples import Document, Schema, example_of, referred, resolved
from app.core.markdown import anchor_of
from app.routers.problems import MEDIA_TYPE, PERMITTED
from app.routers.samples import Call

JSON = "application/json"
_DEEPEST = 3
_FOR_THE_PLATFORM = "Platform:"


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter, or a field of an object."""

    name: str
    place: str
    """`path`, `query`, `header` or `body`."""
    type: str
    refers_to: str | None
    """The object that it is, or that its items are, if that is described by itself."""
    is_required: bool
    description: str


@dataclass(frozen=True, slots=True)
class KnownProblem:
    code: str
    status: str
    title: str


@dataclass(frozen=True, slots=True)
class Success:
    """What an operation answers where all goes well."""

    status: str
    refers_to: str | None
    object: str
    """The title of what it refers to."""
    example: Any | None

    @property
    def phrase(self) -> str:
        return HTTPStatus(int(self.status)).phrase


@dataclass(frozen=True, slots=True)
class Operation:
    id: str
    method: str
    path: str
    summary: str
    description: str
    fields: tuple[Field, ...]
    success: tuple[Success, ...]
    problems: tuple[KnownProblem, ...]
    """What it can answer beside the problems that all can."""
    call: Call

    @property
    def can_be_run(self) -> bool:
        """Whether a test token keeps it in the sandbox: what changes something without a token changes it live."""
        return self.call.takes_test_token or (not self.call.needs_token and self.method == "GET")


@dataclass(frozen=True, slots=True)
class Section:
    name: str
    description: str
    guide: str | None
    operations: tuple[Operation, ...]

    @property
    def anchor(self) -> str:
        return anchor_of(self.name)


@dataclass(frozen=True, slots=True)
class Event:
    """A message that a business's software is sent."""

    name: str
    description: str
    refers_to: str | None
    """The object that its `data` is."""
    object: str
    """The title of that."""
    example: Any

    @property
    def anchor(self) -> str:
        return f"event-{self.name.replace('.', '-')}"


@dataclass(frozen=True, slots=True)
class Described:
    """An object that operations answer."""

    name: str
    title: str
    description: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    parameters: tuple[Field, ...]
    """What many operations take, described once."""
    problems: tuple[KnownProblem, ...]
    """What every operation can answer."""
    sections: tuple[Section, ...]
    events: tuple[Event, ...]
    objects: tuple[Described, ...]


def reference_of(document: Document, *, for_platform: bool) -> Reference:
    """All of the document, or without what there is on the platform's own hosts alone."""
    found: dict[str, list[Operation]] = {tag["name"]: [] for tag in document["tags"]}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            found[operation["tags"][0]].append(_operation(method.upper(), path, operation, document))
    sections = tuple(
        Section(tag["name"], tag["description"], tag.get("externalDocs", {}).get("url"), tuple(found[tag["name"]]))
        for tag in document["tags"]
        if found[tag["name"]] and (for_platform or not tag["name"].startswith(_FOR_THE_PLATFORM))
    )
    events = tuple(_event(name, each["post"], document) for name, each in document["webhooks"].items())
    return Reference(
        parameters=tuple(_parameter(each, document) for each in document["components"].get("parameters", {}).values()),
        problems=tuple(KnownProblem(kind.code(), str(kind.status), kind.title()) for kind in PERMITTED),
        sections=sections,
        events=events,
        objects=tuple(_objects(sections, events, document)),
    )


def _operation(method: str, path: str, operation: Schema, document: Document) -> Operation:
    parameters = [each for each in operation.get("parameters", ()) if "$ref" not in each]
    body = operation.get("requestBody", {}).get("content", {}).get(JSON, {}).get("schema")
    return Operation(
        id=operation["operationId"],
        method=method,
        path=path,
        summary=operation["summary"],
        description=operation["description"],
        fields=(*(_parameter(each, document) for each in parameters), *(_body_fields(body, document) if body else ())),
        success=tuple(_successes(operation["responses"], document)),
        problems=tuple(_problems(operation["responses"])),
        call=Call(
            method,
            _filled_in(path, parameters, document),
            example_of(body, document) if body else None,
            needs_token="security" in operation,
            takes_test_token=operation.get("x-for-tokens", False),
        ),
    )


def _event(name: str, operation: Schema, document: Document) -> Event:
    message = resolved(operation["requestBody"]["content"][JSON]["schema"], document)
    data = message["properties"]["data"]
    title = resolved(data, document).get("title", "")
    return Event(name, operation["description"], _type_of(data, document)[1], title, example_of(message, document))


def _filled_in(path: str, parameters: list[Any], document: Document) -> str:
    """The path with an example of each parameter that there must be."""
    query = {}
    for parameter in parameters:
        if parameter.get("required"):
            example = str(example_of({**parameter["schema"], **_examples_of(parameter)}, document))
            if parameter["in"] == "path":
                path = path.replace(f"{{{parameter['name']}}}", quote(example, safe=""))
            if parameter["in"] == "query":
                query[parameter["name"]] = example
    return f"{path}?{urlencode(query)}" if query else path


def _examples_of(parameter: Schema) -> dict[str, Any]:
    return {"example": parameter["example"]} if "example" in parameter else {}


def _parameter(parameter: Schema, document: Document) -> Field:
    place, name = parameter["in"], parameter["name"]
    return _field(name.title() if place == "header" else name, place, parameter, parameter["schema"], document)


def _field(name: str, place: str, told: Schema, schema: Schema, document: Document) -> Field:
    words, refers_to = _type_of(schema, document)
    description = told.get("description") or resolved(schema, document).get("description", "")
    return Field(name, place, words, refers_to, bool(told.get("required")), description)


def _body_fields(schema: Schema, document: Document, prefix: str = "", depth: int = 0) -> Iterator[Field]:
    """The fields of a body, those of objects within it below them."""
    schema = resolved(schema, document)
    for name, each in schema.get("properties", {}).items():
        told = {"description": each.get("description"), "required": name in schema.get("required", ())}
        yield replace(_field(prefix + name, "body", told, each, document), refers_to=None)
        within = resolved(each, document)
        inner, mark = (within["items"], "[].") if "items" in within else (within, ".")
        if depth < _DEEPEST:
            yield from _body_fields(inner, document, f"{prefix}{name}{mark}", depth + 1)


def _type_of(schema: Schema, document: Document) -> tuple[str, str | None]:
    """A type in words, and the object that it refers to."""
    if "anyOf" in schema or "oneOf" in schema:
        kinds = [_type_of(each, document) for each in schema.get("anyOf") or schema["oneOf"]]
        return " or ".join(dict.fromkeys(words for words, _ in kinds)), kinds[0][1]
    if "$ref" in schema:
        target = referred(schema["$ref"], document)
        return _type_of(target, document)[0], schema["$ref"].rpartition("/")[2] if "properties" in target else None
    if "enum" in schema:
        return " or ".join(f"“{value}”" for value in schema["enum"]), None
    if "const" in schema:
        return f"“{schema['const']}”", None
    if schema.get("type") == "array":
        words, refers_to = _type_of(schema.get("items", {}), document)
        return f"list of {words}", refers_to
    return schema.get("format") or schema.get("type", "anything"), None


def _successes(responses: Mapping[str, Schema], document: Document) -> Iterator[Success]:
    for status, response in responses.items():
        if status < "400":
            schema = response.get("content", {}).get(JSON, {}).get("schema")
            refers_to = _type_of(schema, document)[1] if schema else None
            title = resolved(schema, document).get("title", "") if schema else ""
            yield Success(status, refers_to, title, example_of(schema, document) if schema else None)


def _problems(responses: Mapping[str, Schema]) -> Iterator[KnownProblem]:
    common = {kind.code() for kind in PERMITTED}
    for status, response in sorted(responses.items()):
        for code, example in response.get("content", {}).get(MEDIA_TYPE, {}).get("examples", {}).items():
            if code not in common:
                yield KnownProblem(code, status, example["summary"])


def _objects(sections: tuple[Section, ...], events: tuple[Event, ...], document: Document) -> Iterator[Described]:
    """The objects that these operations answer and events tell of, and those within them, by name."""
    schemas: Mapping[str, Schema] = document["components"]["schemas"]
    operations = [operation for section in sections for operation in section.operations]
    waiting = {each.refers_to for operation in operations for each in operation.success}
    waiting |= {event.refers_to for event in events}
    known: dict[str, Described] = {}
    while waiting:
        name = waiting.pop()
        if name is None or name in known:
            continue
        required = schemas[name].get("required", ())
        fields = tuple(
            _field(each, "body", {"required": each in required, **schema}, schema, document)
            for each, schema in schemas[name].get("properties", {}).items()
        )
        title, description = schemas[name].get("title", name), schemas[name].get("description", "")
        known[name] = Described(name, title, description, fields)
        waiting |= {field.refers_to for field in fields}
    yield from (known[name] for name in sorted(known))
