"""The reference at `/reference`: every operation of this host, with examples that can be run."""

import json
from functools import lru_cache
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response
from markupsafe import Markup

from app.auth import tokens
from app.auth.dependencies import CurrentSettings, Now, PublicSession, current_principal
from app.auth.principals import Principal
from app.core import markdown
from app.errors import Forbidden, Unauthenticated
from app.routers.conditions import KnownVersions
from app.routers.developer_pages import answer, render
from app.routers.reference import Operation, reference_of
from app.routers.samples import LANGUAGES, samples_of
from app.tenancy.dependencies import CurrentHost

TOKEN = "ss_test_…"  # noqa: S105 — what stands in the place of one # nosec B105
_ORIGIN = "https://origin.invalid"
_KINDS_OF_HOSTS = 2

router = APIRouter(prefix="/reference", include_in_schema=False)


@router.get("")
async def show_reference(
    request: Request, host: CurrentHost, settings: CurrentSettings, known: KnownVersions
) -> Response:
    """The page, with examples that call this host. It is the same for everybody."""
    page = await run_in_threadpool(_page, request.app, for_platform=host.is_platform)
    return answer(page.replace(_ORIGIN, settings.origin(host.name)), known)


@router.get("/token")
async def show_my_test_token(request: Request, session: PublicSession, now: Now) -> Response:
    """What the page fills its examples in with: a test token of the reader's, null if there is none to be read."""
    reader = await _reader(request)
    token = await tokens.readable_of(session, reader, now=now) if reader else None
    return JSONResponse({"token": token}, headers={"Cache-Control": "no-store"})


async def _reader(request: Request) -> Principal | None:
    """Whoever is logged in, if anybody is."""
    try:
        return await current_principal(request)
    except (Unauthenticated, Forbidden):
        return None


@lru_cache(maxsize=_KINDS_OF_HOSTS)
def _page(app: FastAPI, *, for_platform: bool) -> str:
    return render(
        "reference.html",
        reference=reference_of(app.openapi(), for_platform=for_platform),
        languages=LANGUAGES,
        samples=_samples,
        html=_html,
        json=_json,
    )


def _samples(operation: Operation) -> dict[str, str]:
    return samples_of(operation.call, _ORIGIN, TOKEN)


def _html(text: str) -> Markup:
    """A description of the document: Markdown, without any HTML of its own."""
    return Markup(markdown.render(text).html)  # noqa: S704 — rendered here # nosec B704


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
