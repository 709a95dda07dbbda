"""Check the size budgets: a file 400 lines, a function 50, an endpoint 20, docstrings not counted.

Ruff holds the neighbouring rules: no import inside a function (PLC0415) and nothing left to do (FIX).
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOTS = ("app", "bench", "migrations", "script", "tests")
FILE_LINES = 400
FUNCTION_LINES = 50
ENDPOINT_LINES = 20
ENDPOINTS = Path("app/routers")

Function = ast.FunctionDef | ast.AsyncFunctionDef


def excesses(path: Path) -> Iterator[str]:
    source = path.read_text()
    count = len(source.splitlines())
    if count > FILE_LINES:
        yield f"{path}: {count} lines, the budget of a file is {FILE_LINES}"
    budget = ENDPOINT_LINES if ENDPOINTS in path.parents else FUNCTION_LINES
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, Function) and (length := size(node)) > budget:
            yield f"{path}:{node.lineno}: {node.name} has {length} lines, its budget is {budget}"


def size(function: Function) -> int:
    """Count a function's lines from `def` to its end, without its docstring."""
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    if ast.get_docstring(function) is None:
        return lines
    docstring = function.body[0]
    return lines - ((docstring.end_lineno or docstring.lineno) - docstring.lineno + 1)


def main() -> int:
    paths = [path for root in ROOTS for path in sorted(Path(root).rglob("*.py"))]
    found = [excess for path in paths for excess in excesses(path)]
    print("\n".join(found) or f"{len(paths)} files within their budgets")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
