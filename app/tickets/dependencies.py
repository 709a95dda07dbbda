"""Who may do what with tickets."""

from typing import Annotated

from fastapi import Depends, Request

from app.auth.dependencies import Permitted
from app.auth.permissions import Permission
from app.auth.principals import Principal
from app.tickets.post import TicketPost


async def ticket_post(request: Request) -> TicketPost:
    """What it takes to write to people about tickets."""
    runtime = request.app.state.runtime
    return TicketPost.of(runtime.settings, runtime.keyring)


Post = Annotated[TicketPost, Depends(ticket_post)]
CanReadTickets = Annotated[Principal, Depends(Permitted(Permission.TICKETS_READ))]
CanWriteTickets = Annotated[Principal, Depends(Permitted(Permission.TICKETS_WRITE))]
CanUseDesk = Annotated[Principal, Depends(Permitted(Permission.DESK_USE))]
CanManageTickets = Annotated[Principal, Depends(Permitted(Permission.DESK_WRITE))]
