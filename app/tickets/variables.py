"""The variables of canned replies: `{{ customer.name }}` stands for what differs from ticket to ticket. Pure."""

import re
from collections.abc import Mapping

from app.errors import InvalidValue

VARIABLES: Mapping[str, str] = {
    "customer.name": "the customer's name",
    "ticket.number": "the ticket's number",
    "ticket.subject": "what the ticket is about",
    "appointment.service": "the service of the appointment that the ticket is about",
    "appointment.start": "when that appointment begins, in the business's time zone",
    "agent.name": "the name of whoever replies",
    "business.name": "the business's name",
}

_VARIABLE = re.compile(r"\{\{([^{}]*)\}\}")


def with_known_variables(text: str) -> str:
    """The text, if each variable in it is one of these. Raises InvalidValue."""
    unknown = [name for name in _names_in(text) if name not in VARIABLES]
    if unknown:
        raise InvalidValue(
            "has the variable '{name}', which there is not; there are {known}",
            code="variable",
            params={"name": unknown[0], "known": list(VARIABLES)},
        )
    return text


def fill_in(text: str, values: Mapping[str, str | None]) -> tuple[str, list[str]]:
    """The text with its variables' values, and the names of those without one: their places are left as they are."""
    missing = [name for name in dict.fromkeys(_names_in(text)) if not values.get(name)]
    return _VARIABLE.sub(lambda found: values.get(found[1].strip()) or found[0], text), missing


def _names_in(text: str) -> list[str]:
    return [found.strip() for found in _VARIABLE.findall(text)]
