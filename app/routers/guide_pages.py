"""The guides under `/help`, the same on every host."""

from fastapi import APIRouter
from fastapi.responses import Response
from markupsafe import Markup

from app.errors import NotFound
from app.routers import guides
from app.routers.conditions import KnownVersions
from app.routers.developer_pages import WantsHtml, answer, render

router = APIRouter(prefix=guides.HOME, include_in_schema=False)


@router.get("")
async def show_index(known: KnownVersions) -> Response:
    """What the guides are about."""
    return answer(_page_of(""), known)


@router.get("/{name}")
async def show_guide(name: str, known: KnownVersions, html: WantsHtml) -> Response:
    """One guide. Where there is none, people are shown the others."""
    try:
        return answer(_page_of(name), known)
    except NotFound as problem:
        if not html:
            raise
        return answer(render("missing.html", contents=guides.contents(), detail=problem.detail), known, status=404)


def _page_of(name: str) -> str:
    guide = guides.require(name)
    body = Markup(guide.html)  # noqa: S704 — our own documents, rendered without any HTML of theirs # nosec B704
    return render("guide.html", contents=guides.contents(), guide=guide, body=body)
