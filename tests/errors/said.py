"""Every sentence that a problem document can hold, read off the code."""

import ast
from collections.abc import Iterator

from app.errors import FieldError, InvalidValue, Sentence, problem_types
from app.errors.complaints import COMPLAINTS, UNHEARD_OF
from app.webhooks.destinations import DestinationError, DestinationNotPublicError
from tests.docs.markdown import ROOT

_TAKERS = [*problem_types(), Sentence, InvalidValue, DestinationError, DestinationNotPublicError]
_POSITIONS = {taker.__name__: 0 for taker in _TAKERS} | {FieldError.__name__: 1}
"""Who takes a sentence, and as which argument."""


def sentences() -> set[str]:
    """All titles, advice, details and complaints; templates where values go into them."""
    found = {words for kind in problem_types() for words in (kind.title(), kind.advice())}
    found |= {words for _, words in (*COMPLAINTS.values(), UNHEARD_OF)}
    for _, argument in arguments():
        literals = [each.value for each in _parts(argument) if isinstance(each, ast.Constant)]
        found |= {literal for literal in literals if isinstance(literal, str)}
    return found


def codes() -> set[str]:
    """All codes of what is wrong with a field."""
    given = [each.value for _, call in _calls() for each in call.keywords if each.arg == "code"]
    literals = [each.value for each in given if isinstance(each, ast.Constant)]
    return {code for code, _ in (*COMPLAINTS.values(), UNHEARD_OF)} | set(map(str, literals))


def arguments() -> Iterator[tuple[str, ast.expr]]:
    """What is given to whoever takes a sentence, with who that is."""
    for name, call in _calls():
        for argument in call.args[_POSITIONS[name] :][:1]:
            yield name, argument


def _calls() -> Iterator[tuple[str, ast.Call]]:
    for path in sorted((ROOT / "app").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _POSITIONS:
                yield node.func.id, node


def _parts(argument: ast.expr) -> list[ast.expr]:
    return [argument.body, argument.orelse] if isinstance(argument, ast.IfExp) else [argument]
