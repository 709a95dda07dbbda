"""What a router needs for the links in the mails that its feature sends."""

from typing import Annotated

from fastapi import Depends, Request

from app.settings import Settings


async def installation(request: Request) -> Settings:
    """The settings of this installation: `account_link` wants them."""
    settings: Settings = request.app.state.runtime.settings
    return settings


Installation = Annotated[Settings, Depends(installation)]
