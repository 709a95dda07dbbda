"""The links in mails: they lead to a small page of the host, and carry their code where no server sees it."""

from enum import StrEnum

from app.errors import NotFound
from app.settings import Settings
from app.tenancy.hosts import PLATFORM_LABEL


class AccountPage(StrEnum):
    """A page on which somebody uses a code. Opening it uses nothing: mail scanners follow every link."""

    ACCEPT_INVITATION = "accept-invitation"
    RESET_PASSWORD = "reset-password"  # noqa: S105 — the name of a page # nosec B105
    CONFIRM_EMAIL = "confirm-email"
    CONFIRM_EMAIL_CHANGE = "confirm-email-change"
    FINISH_SIGN_UP = "finish-sign-up"
    SIGN_IN_AS = "sign-in-as"


def account_link(settings: Settings, slug: str | None, page: AccountPage, code: str) -> str:
    """The absolute address of the page, with its code, on the host of the business (without a slug: the platform).

    The code stands in the fragment, which browsers send to nobody: no log and no referrer ever holds it.
    """
    return f"{settings.url(slug or PLATFORM_LABEL)}/account/{page}#{code}"


def page_named(name: str) -> AccountPage:
    """The page of this name. Raises NotFound."""
    if name not in set(AccountPage):
        raise NotFound("There is no account page '{name}'.", params={"name": name[:100]})
    return AccountPage(name)
