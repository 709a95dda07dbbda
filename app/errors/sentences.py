"""Sentences for people: templates of ours in English, and what goes into their places."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

PLACE = re.compile(r"\{([a-z_]+)\}")
"""Where a template takes a value: `{customer_id}`."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence that is passed on before it is said. Where one is raised at once, its template and params do."""

    template: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return fill(self.template, self.params)


def fill(template: str, params: Mapping[str, Any]) -> str:
    """Put the values into their places. What is no place stays as it is, and no value is read as a template."""
    if not params:
        return template
    return PLACE.sub(lambda place: _text(params[place[1]]) if place[1] in params else place[0], template)


def _text(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "-"
    return str(value)
