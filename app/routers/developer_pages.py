"""The pages for developers: their looks, and how browsers may keep them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request
from fastapi.responses import HTMLResponse, Response
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app.routers.browser_rules import page_policy
from app.routers.conditions import spare

ASSETS = "/help/assets"

_HERE = Path(__file__).parent / "developer_site"
_PAGES = Environment(
    loader=FileSystemLoader(_HERE / "pages"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ALWAYS_ASK = "no-cache"
"""A copy may be kept, and is shown again once the service says that it still holds: a page never meets older styles."""


async def wants_html(request: Request) -> bool:
    """Whether it is a browser's window that asks, and not a program."""
    return "text/html" in request.headers.get("accept", "")


WantsHtml = Annotated[bool, Depends(wants_html)]


def render(template: str, **values: Any) -> str:
    """A page with these values, all of them escaped but those that are marked as HTML."""
    return _PAGES.get_template(template).render(assets=ASSETS, **values)


def answer(html: str, known: Sequence[str], *, status: int = 200) -> Response:
    """The page as an answer; without its body for a browser that has it."""
    headers = {"Content-Security-Policy": page_policy(), "Cache-Control": _ALWAYS_ASK}
    response = HTMLResponse(html, status, headers)
    spare(response, known)
    return response


class _Assets(StaticFiles):
    """Files that browsers keep and ask about, as they do with the pages."""

    def file_response(self, *args: Any, **options: Any) -> Response:
        response = super().file_response(*args, **options)
        response.headers["Cache-Control"] = _ALWAYS_ASK
        return response


def mount_assets(app: FastAPI) -> None:
    """Serve the pages' scripts and style sheet."""
    app.mount(ASSETS, _Assets(directory=_HERE / "assets"), name="help-assets")
