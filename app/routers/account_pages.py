"""The pages that links in mails lead to: a form, a script that calls the API, and nothing that a GET could use up."""

from pathlib import Path

from fastapi import APIRouter, FastAPI
from fastapi.responses import HTMLResponse, Response
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app.mail.branding import Brand, brand
from app.mail.links import page_named
from app.tenancy.dependencies import CurrentHost
from app.tenancy.hosts import Host

ASSETS = "/account/assets"
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Nothing from elsewhere, nothing inline, in nobody's frame; and no copy of the page stays behind."""

router = APIRouter(prefix="/account", include_in_schema=False)

_HERE = Path(__file__).parent / "account_site"
_PAGES = Environment(loader=FileSystemLoader(_HERE / "pages"), autoescape=True, undefined=StrictUndefined)


@router.get("/brand.css")
async def show_colors(host: CurrentHost) -> Response:
    """The host's colours as a style sheet of its own, because no page may have a style inline."""
    bears = _brand(host)
    sheet = f":root {{ --brand: {bears.color}; --on-brand: {bears.on_color}; }}\n"
    return Response(sheet, media_type="text/css", headers=HEADERS)


@router.get("/{name}")
async def show_page(name: str, host: CurrentHost) -> HTMLResponse:
    """The page of that name, as this host shows it."""
    page = _PAGES.get_template(f"{page_named(name)}.html")
    return HTMLResponse(page.render(brand=_brand(host), assets=ASSETS), headers=HEADERS)


def mount_assets(app: FastAPI) -> None:
    """Serve the pages' script and style sheet."""
    app.mount(ASSETS, StaticFiles(directory=_HERE / "assets"), name="account-assets")


def _brand(host: Host) -> Brand:
    return brand(host.tenant.name, host.tenant.brand_color) if host.tenant else Brand()
