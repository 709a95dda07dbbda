"""How a call is made in curl, Python and JavaScript."""

import json
import shlex
from dataclasses import dataclass
from textwrap import indent
from typing import Any

CURL = "curl"
PYTHON = "Python"
JAVASCRIPT = "JavaScript"
LANGUAGES = (CURL, PYTHON, JAVASCRIPT)


@dataclass(frozen=True, slots=True)
class Call:
    """A request as an example: the path has its parameters and its query filled in."""

    method: str
    path: str
    body: Any | None
    needs_token: bool
    """Whether the caller has to be known."""
    takes_test_token: bool
    """Whether an API token will do; else it takes the access token of a log-in."""


ACCESS_TOKEN = "ACCESS_TOKEN"  # noqa: S105 — the name of what stands there # nosec B105


def samples_of(call: Call, origin: str, token: str) -> dict[str, str]:
    """The call of the host at this origin with this token, by language. Each prints what is answered."""
    headers = {}
    if call.needs_token:
        headers["Authorization"] = f"Bearer {token if call.takes_test_token else ACCESS_TOKEN}"
    if call.body is not None:
        headers["Content-Type"] = "application/json"
    address = origin + call.path
    return {
        CURL: _curl(call, address, headers),
        PYTHON: _python(call, address, headers),
        JAVASCRIPT: _javascript(call, address, headers),
    }


def _curl(call: Call, address: str, headers: dict[str, str]) -> str:
    usual = "GET" if call.body is None else "POST"
    words = [["curl", shlex.quote(address)]]
    words += [["-X", call.method]] if call.method != usual else []
    words += [["-H", shlex.quote(f"{name}: {value}")] for name, value in headers.items()]
    words += [["-d", shlex.quote(_json(call.body))]] if call.body is not None else []
    return " \\\n  ".join(" ".join(pair) for pair in words)


def _python(call: Call, address: str, headers: dict[str, str]) -> str:
    arguments = [_json(call.method), _json(address)]
    authorization = {name: value for name, value in headers.items() if name == "Authorization"}
    arguments += [f"headers={_json(authorization, depth=None)}"] if authorization else []
    arguments += [f"json={_literal(call.body)}"] if call.body is not None else []
    listed = indent("".join(f"{each},\n" for each in arguments), "    ")
    return f"import httpx\n\nanswer = httpx.request(\n{listed})\nprint(answer.status_code, answer.text)"


def _javascript(call: Call, address: str, headers: dict[str, str]) -> str:
    options = [f"method: {_json(call.method)}"]
    options += [f"headers: {_json(headers)}"] if headers else []
    options += [f"body: JSON.stringify({_json(call.body)})"] if call.body is not None else []
    listed = indent("".join(f"{each},\n" for each in options), "  ")
    return (
        f"const answer = await fetch({_json(address)}, {{\n{listed}}});\n"
        "console.log(answer.status, await answer.text());"
    )


def _json(value: Any, *, depth: int | None = 2) -> str:
    return json.dumps(value, indent=depth, ensure_ascii=False)


def _literal(value: Any) -> str:
    """A value as Python writes it, laid out as JSON is."""
    if isinstance(value, dict):
        return _enclosed("{", [f"{_json(name)}: {_literal(each)}" for name, each in value.items()], "}")
    if isinstance(value, list):
        return _enclosed("[", [_literal(each) for each in value], "]")
    return _json(value) if isinstance(value, str) else repr(value)


def _enclosed(opening: str, members: list[str], closing: str) -> str:
    listed = indent("".join(f"{each},\n" for each in members), "    ")
    return f"{opening}\n{listed}{closing}" if members else f"{opening}{closing}"
