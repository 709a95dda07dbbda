"""What a client has to know when it starts: who calls, where, what they may do, and how they like it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.principals import Principal
from app.auth.schemas import TenantSummary, UserRead
from app.media.pictures import address_of
from app.models.public import UserPreferencesRow, UserRow
from app.notifications import inbox
from app.people.me_schemas import ActorRead, LentPermissionRead, LocaleRead, MasqueradeRead, MeRead, UnreadRead
from app.settings import Settings
from app.subscriptions.schemas import TierRead
from app.subscriptions.tiers import TierDirectory


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the answering process knows and no table does."""

    csrf_token: str | None
    websocket_url: str
    settings: Settings


async def describe(
    session: AsyncSession, principal: Principal, tiers: TierDirectory, surroundings: Surroundings
) -> MeRead:
    """The caller, in one statement: everything else is known with the principal."""
    unread = inbox.counting_unread(principal.user_id).scalar_subquery()
    query = (
        select(UserRow, UserPreferencesRow.document, unread)
        .outerjoin(UserPreferencesRow, UserPreferencesRow.user_id == UserRow.id)
        .where(UserRow.id == principal.user_id)
    )
    user, preferences, unread_count = (await session.execute(query)).one()
    tenant = principal.tenant
    return MeRead(
        user=UserRead.of(user),
        avatar_url=address_of(surroundings.settings, tenant.slug, user.avatar_id) if tenant else None,
        tenant=TenantSummary.model_validate(tenant) if tenant else None,
        tier=TierRead.model_validate((await tiers.all())[tenant.subscription_tier]) if tenant else None,
        mode=principal.mode,
        permissions=sorted(principal.permissions),
        grants=[LentPermissionRead.model_validate(grant) for grant in principal.grants],
        must_enrol_second_factor=principal.must_enrol,
        masquerade=_masquerade(principal, principal.expires_at),
        regional=_regional(principal, preferences or {}),
        unread=UnreadRead(notifications=unread_count),
        csrf_token=surroundings.csrf_token,
        websocket_url=surroundings.websocket_url,
        build_id=surroundings.settings.build_id,
    )


def _masquerade(principal: Principal, expires_at: datetime | None) -> MasqueradeRead | None:
    actor = principal.actor
    if actor is None or expires_at is None:
        return None
    return MasqueradeRead(
        actor=ActorRead(id=actor.user_id, email=actor.email, role=actor.role),
        reason=actor.reason,
        expires_at=expires_at,
    )


def _regional(principal: Principal, preferences: dict[str, Any]) -> LocaleRead:
    """The user's own choice, else the business's, else the platform's."""
    tenant = principal.tenant
    return LocaleRead(
        locale=preferences.get("locale") or (tenant.locale if tenant else "en"),
        timezone=preferences.get("timezone") or (tenant.timezone if tenant else "UTC"),
        first_weekday=preferences.get("first_weekday") or (tenant.first_weekday if tenant else 1),
        currency=tenant.currency if tenant else None,
    )
