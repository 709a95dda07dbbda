"""How values look on a page: instants, roles, states, and what is said after something was done."""

from datetime import UTC, datetime
from typing import Any

from markupsafe import Markup

from app.auth.roles import Role
from app.models.public import DomainRow

NOTICES = {
    "suspended": "The business is suspended. Its hosts refuse every request from now on.",
    "resumed": "The business is served again.",
    "tier-changed": "The business has another subscription now.",
    "extended": "The demo account ends later now.",
    "sessions-revoked": "The user's sessions have ended.",
    "second-factor-reset": "The user's second factors are removed.",
    "deactivated": "The user is deactivated, and is out of every session.",
    "reactivated": "The user can log in again.",
    "grants-revoked": "The grants are revoked.",
    "no-grants-revoked": "There was nothing to revoke: what you chose has ended, or is not yours to take back.",
    "limits-changed": "The limits count from now on, for every business with this subscription.",
    "masquerade-ended": "You are yourself again.",
    "ticket-answered": "The business has your answer.",
    "ticket-noted": "The note is kept. The business does not see it.",
    "ticket-status-set": "The ticket has another status now.",
    "ticket-sorted": "The ticket is sorted so.",
}
"""What a page says whose address ends in `?done=…`. The address chooses among our words and brings none."""

_TONES = {
    "active": "good",
    "intact": "good",
    "enabled": "good",
    "verified": "good",
    "ours": "good",
    "success": "good",
    "expired": "quiet",
    "revoked": "quiet",
    "deactivated": "quiet",
    "waiting": "quiet",
    "unverified": "note",
    "due": "note",
    "running": "good",
    "denied": "bad",
    "failed": "bad",
    "suspended": "bad",
    "ended": "bad",
    "disabled": "bad",
    "broken": "bad",
    "demo": "note",
    "masquerade": "note",
    "open": "note",
    "in_progress": "good",
    "urgent": "bad",
    "stopped": "bad",
    "high": "note",
    "hindered": "note",
    "note": "note",
}
_PARTS = ("%Y-%m-%d", "%H:%M UTC")


def instant(value: datetime | None) -> Markup:
    """An instant to the minute, in UTC, which is said; or that there is none."""
    if value is None:
        return Markup('<span class="text-secondary">none</span>')
    known = value.astimezone(UTC)
    exactly = known.isoformat(timespec="seconds")
    parts = [Markup('<span class="text-nowrap">{}</span>').format(known.strftime(part)) for part in _PARTS]
    return Markup('<time datetime="{0}" title="{0}">{1}</time>').format(exactly, Markup(" ").join(parts))


def role(value: str) -> Markup:
    """A role as a badge: its name, on a colour of its own."""
    known = Role(value)
    return Markup('<span class="badge role role-{}">{}</span>').format(known.lower().replace("_", "-"), known)


def state(value: str) -> Markup:
    """A state as a badge: the word counts, the colour helps."""
    return Markup('<span class="badge tone-{}">{}</span>').format(_TONES.get(value, "quiet"), value)


def verification(domain: DomainRow) -> Markup:
    """Whether a host is known to be the business's: below our root it is of our making, another serves once it is."""
    return state("ours" if domain.kind == "subdomain" else "verified")


def filters(root_domain: str) -> dict[str, Any]:
    """What templates may write behind a `|`."""

    def host_name(domain: DomainRow) -> str:
        return f"{domain.hostname}.{root_domain}" if domain.kind == "subdomain" else domain.hostname

    return {
        "instant": instant,
        "role": role,
        "state": state,
        "verification": verification,
        "host_name": host_name,
    }
