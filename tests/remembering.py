"""Waiting for a process to remember what it looks up: it does once it hears of changes."""

from fastapi import FastAPI

from app.core.cache import TaggedCache
from tests.receivers import eventually


async def until_it_remembers(app: FastAPI) -> None:
    """Return once the application's cache is in use."""
    cache: TaggedCache[object] = app.state.principals.cache

    async def remembers() -> bool:
        return cache.enabled

    await eventually(remembers)
