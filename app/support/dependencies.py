"""Who may do what with platform tickets, on either side."""

from typing import Annotated

from fastapi import Depends, Request

from app.auth.dependencies import Permitted
from app.auth.permissions import Permission
from app.auth.principals import Principal
from app.errors import SandboxNotAllowed
from app.support.context import Briefing


class PermittedToAsk(Permitted):
    """A dependency that lets callers with the permission through to the platform's support, in live mode alone."""

    async def require(self, request: Request, principal: Principal) -> None:
        """Raise PermissionDenied, and SandboxNotAllowed with what to do about it."""
        try:
            await super().require(request, principal)
        except SandboxNotAllowed as refusal:
            raise SandboxNotAllowed(
                "Platform tickets exist in live mode only: people answer them. Leave the sandbox, or use a live token."
            ) from refusal


CanReadSupport = Annotated[Principal, Depends(PermittedToAsk(Permission.SUPPORT_READ))]
CanWriteSupport = Annotated[Principal, Depends(PermittedToAsk(Permission.SUPPORT_WRITE))]
CanReadSupportDesk = Annotated[Principal, Depends(Permitted(Permission.SUPPORT_DESK_READ))]
CanWriteSupportDesk = Annotated[Principal, Depends(Permitted(Permission.SUPPORT_DESK_WRITE))]


async def briefing(request: Request) -> Briefing:
    """What tells of the businesses that ask."""
    state = request.app.state
    return Briefing(state.database, state.runtime.settings)


CurrentBriefing = Annotated[Briefing, Depends(briefing)]
