"""What a router needs for features that write to people."""

from typing import Annotated

from fastapi import Depends, Request

from app.people.post import Post


async def post(request: Request) -> Post:
    """How this installation writes to people."""
    state = request.app.state
    return Post(state.keyring, state.runtime.settings, state.throttle)


CurrentPost = Annotated[Post, Depends(post)]
