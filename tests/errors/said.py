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
    found |= {*COMPLAINTS.values(), UNHEARD_OF}
    for _, argument in arguments():
        literals = [each.value for each in _parts(argument) if isinstance(each, ast.Constant)]
        found |= {literal for literal in literals if isinstance(literal, str)}
    return found


def arguments() -> Iterator[tuple[str, ast.expr]]:
    """What is given to whoever takes a sentence, and where."""
    for path in sorted((ROOT / "app").rglob("*.py")):
        if path.parent.name == "errors":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _POSITIONS:
                for argument in node.args[_POSITIONS[node.func.id] :][:1]:
                    yield f"{path.relative_to(ROOT)}:{node.lineno}", argument


def _parts(argument: ast.expr) -> list[ast.expr]:
    return [argument.body, argument.orelse] if isinstance(argument, ast.IfExp) else [argument]
