"""Who may do what with tickets."""

from typing import Annotated

from fastapi import Depends

from app.auth.dependencies import Permitted
from app.auth.permissions import Permission
from app.auth.principals import Principal

CanReadTickets = Annotated[Principal, Depends(Permitted(Permission.TICKETS_READ))]
CanWriteTickets = Annotated[Principal, Depends(Permitted(Permission.TICKETS_WRITE))]
CanUseDesk = Annotated[Principal, Depends(Permitted(Permission.DESK_USE))]
CanManageTickets = Annotated[Principal, Depends(Permitted(Permission.DESK_WRITE))]
