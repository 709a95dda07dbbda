"""The tiers, for routers."""

from typing import Annotated

from fastapi import Depends, Request

from app.subscriptions.tiers import TierDirectory


async def current_tiers(request: Request) -> TierDirectory:
    """What this process knows of tiers."""
    directory: TierDirectory = request.app.state.tiers
    return directory


CurrentTiers = Annotated[TierDirectory, Depends(current_tiers)]
