"""Mail that no person has written: answered, it would be answered again, for ever (RFC 3834)."""

from collections.abc import Collection, Iterator

from app.mail.incoming.parsing import Incoming

MOST_HOPS = 50

_MACHINES = {"mailer-daemon", "postmaster", "no-reply", "noreply", "do-not-reply", "donotreply", "bounce", "bounces"}
_MASSES = {"bulk", "junk", "list", "auto_reply"}
_TELLTALE = (
    "x-autoreply",
    "x-autorespond",
    "x-auto-response-suppress",
    "x-failed-recipients",
    "list-id",
    "list-post",
    "list-unsubscribe",
    "x-loop",
)
_REPORTS = {"multipart/report", "message/delivery-status", "message/disposition-notification"}


def reason_to_refuse(mail: Incoming, *, envelope_sender: str, own_domains: Collection[str]) -> str | None:
    """Why this mail is a machine's, for its sender; None if nothing says so."""
    return next(_reasons(mail, envelope_sender, {each.lower() for each in own_domains}), None)


def _reasons(mail: Incoming, envelope_sender: str, own_domains: Collection[str]) -> Iterator[str]:
    if mail.message_id.rstrip(">").rpartition("@")[2].lower() in own_domains:
        yield "It is one of our own."
    is_returned = any(each.strip() == "<>" for each in mail.headers.get("return-path", ()))
    if not envelope_sender or is_returned or mail.content_type in _REPORTS:
        yield "It is a report about another mail."
    if mail.sender.partition("@")[0] in _MACHINES:
        yield "It comes from an address that nobody answers at."
    if any(each.strip().lower() != "no" for each in mail.headers.get("auto-submitted", ())):
        yield "It was sent automatically (Auto-Submitted)."
    if any(each.strip().lower() in _MASSES for each in mail.headers.get("precedence", ())):
        yield "It was sent automatically, or to many (Precedence)."
    for name in _TELLTALE:
        if name in mail.headers:
            yield f"It was sent automatically, or to many ({name})."
    if len(mail.headers.get("received", ())) > MOST_HOPS:
        yield "It has gone round in circles."
