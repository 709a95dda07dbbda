"""What a host says of itself: its front page, the interactive documentation, and what each problem means."""

from http import HTTPStatus
from importlib.resources import files
from typing import Annotated, Literal

from fastapi import APIRouter, FastAPI, Header, Path, Request, Response
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles

from app.core.schemas import ResponseModel
from app.errors import NotFound, Problem, problem_types
from app.errors.translation import negotiate, translate
from app.routers.browser_rules import inline_scripts, page_policy
from app.routers.developer_pages import WantsHtml
from app.routers.guides import HOME
from app.routers.problems import problems
from app.routers.routing import operation_id
from app.tenancy.dependencies import CurrentHost

router = APIRouter(tags=["About"], generate_unique_id_function=operation_id)

ASSETS = "/docs/assets"


class HostRead(ResponseModel):
    service: Literal["Smooth Schedule"]
    host: str
    kind: Literal["business", "platform", "api"]
    business: str | None
    """The business's name, on its own hosts."""
    documentation: str
    """The operations, to try out in Swagger UI."""
    reference: str
    """The operations, to read, with examples in several languages."""
    help: str
    """The guides."""
    openapi: str
    api: str


class ProblemTypeRead(ResponseModel):
    type: str
    code: str
    title: str
    status: int
    advice: str


@router.get("/", summary="What is this host")
async def describe_host(host: CurrentHost) -> HostRead:
    """Whose host this is, and where its documentation is."""
    return HostRead(
        service="Smooth Schedule",
        host=host.name,
        kind="business" if host.tenant else "api" if host.is_for_tokens else "platform",
        business=host.tenant.name if host.tenant else None,
        documentation="/docs",
        reference="/reference",
        help=HOME,
        openapi="/openapi.json",
        api="/api/v1",
    )


@router.get(
    "/problems/{code}",
    summary="What does a problem mean",
    response_model=ProblemTypeRead,
    responses={303: {"description": "For browsers: its heading among the guides."}, **problems(NotFound)},
)
async def describe_problem(
    code: Annotated[str, Path(examples=["slot-taken"])],
    response: Response,
    html: WantsHtml,
    accept_language: Annotated[str, Header()] = "",
) -> ProblemTypeRead | RedirectResponse:
    """The description behind the `type` of a problem document. A browser is led to the guide to errors."""
    kind = _problem_type(code)
    response.headers["Vary"] = "Accept, Accept-Language"
    if html:
        return RedirectResponse(f"{HOME}/errors#{code}", HTTPStatus.SEE_OTHER, response.headers)
    language = negotiate(accept_language)
    response.headers["Content-Language"] = language
    return ProblemTypeRead(
        type=f"/problems/{code}",
        code=code,
        title=translate(kind.title(), language),
        status=kind.status,
        advice=translate(kind.advice(), language),
    )


def _problem_type(code: str) -> type[Problem]:
    for kind in problem_types():
        if kind.code() == code:
            return kind
    raise NotFound("There is no problem type '{code}'.", params={"code": code[:100]})


@router.get("/docs", include_in_schema=False)
async def show_documentation(request: Request) -> HTMLResponse:
    """Swagger UI, wholly from this host. It forgets whom it was authorised as when the page is left."""
    page = get_swagger_ui_html(
        openapi_url="/openapi.json",
        title=request.app.title,
        swagger_js_url=f"{ASSETS}/swagger-ui-bundle.js",
        swagger_css_url=f"{ASSETS}/swagger-ui.css",
        swagger_favicon_url=f"{ASSETS}/favicon.png",
        swagger_ui_parameters={"persistAuthorization": False, "displayRequestDuration": True},
    )
    policy = page_policy(scripts=inline_scripts(bytes(page.body)), styles=["'unsafe-inline'"])
    page.headers["Content-Security-Policy"] = policy
    return page


def mount_assets(app: FastAPI) -> None:
    """Serve Swagger UI's own files, as its wheel brings them."""
    app.mount(ASSETS, StaticFiles(directory=str(files("fastapi_offline") / "static")), name="docs-assets")
