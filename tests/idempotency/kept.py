"""What the database keeps under keys, and how old it is."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from fastapi import FastAPI
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import utcnow
from app.models.public import SharedIdempotencyKeyRow
from app.models.tenant import IdempotencyKeyRow
from app.tenancy.mode import Mode
from app.tenancy.slugs import schema_name
from app.tenancy.tenant import schema_of
from tests.actors import Business

Table = type[IdempotencyKeyRow] | type[SharedIdempotencyKeyRow]


@asynccontextmanager
async def tables_of(app: FastAPI, business: Business | None) -> AsyncIterator[tuple[AsyncSession, Table]]:
    """A transaction where the keys of a business's tables are, or those of the shared ones."""
    schema = schema_of(schema_name(business.slug), Mode.LIVE) if business else None
    async with app.state.database.transaction(schema) as session:
        yield session, IdempotencyKeyRow if business else SharedIdempotencyKeyRow


async def age(app: FastAPI, business: Business | None, key: str, by: timedelta) -> None:
    """Let so much time pass for what is kept under a key."""
    async with tables_of(app, business) as (session, table):
        await session.execute(update(table).where(table.key == key).values(created_at=utcnow() - by))


async def is_kept(app: FastAPI, business: Business | None, key: str) -> bool:
    """Whether there is an answer under this key, however old."""
    async with tables_of(app, business) as (session, table):
        return bool(await session.scalar(select(func.count()).where(table.key == key)))
