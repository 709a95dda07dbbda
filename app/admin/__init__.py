"""The HTML back office of the platform's own staff, at `/admin` on the platform's hosts.

An edge like the routers: it shows what the features find and calls what they do, and holds no rule.
"""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import Route

from app.admin.audit import AuditPages
from app.admin.grants import GrantPages
from app.admin.jobs import JobPages
from app.admin.office import BackOffice
from app.admin.second_factor import SecondFactorPages
from app.admin.tenants import TenantPages
from app.admin.tickets import TicketPages
from app.admin.tiers import TierPages
from app.admin.users import UserPages
from app.admin.webhooks import WebhookPages
from app.core.crypto import Keyring
from app.settings import Settings

PATH = "/admin"

_PAGES = (
    TenantPages,
    UserPages,
    TicketPages,
    GrantPages,
    AuditPages,
    WebhookPages,
    JobPages,
    TierPages,
    SecondFactorPages,
)
"""In the order of the menu."""


def mount(app: Starlette, settings: Settings, keyring: Keyring) -> None:
    """Hang the back office into the application."""
    office = BackOffice(PATH, settings, keyring)
    for pages in _PAGES:
        office.add_view(pages(office))
    app.router.routes.append(Route(PATH, _to_first_page))
    office.mount_to(app)


async def _to_first_page(_request: Request) -> RedirectResponse:
    return RedirectResponse(f"{PATH}/", status_code=308)
