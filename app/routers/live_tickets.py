"""Tickets to the socket. What is told there, and how, is in docs/help/live.md."""

from app.auth.dependencies import InSession, Keys, Now, PublicSession
from app.errors import InPersonOnly
from app.live import passes
from app.live.schemas import LiveTicketRead
from app.routers.problems import AUTHENTICATED, ON_ANY_HOST, problems
from app.routers.routing import ApiRouter

router = ApiRouter(
    prefix="/live", tags=["Live updates"], responses=problems(*ON_ANY_HOST, *AUTHENTICATED, InPersonOnly)
)


@router.post("/tickets", status_code=201, summary="Ask for a ticket to the socket")
async def create_live_ticket(caller: InSession, session: PublicSession, keyring: Keys, now: Now) -> LiveTicketRead:
    """Open one WebSocket with it, once and within 30 seconds, where no cookie can be sent along.

    It stands for the session and the mode in which it was asked for.
    """
    return await passes.issue(session, keyring, caller, now=now)
