"""The users of all businesses, for the platform's own staff."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from app.auth.dependencies import CanReadUsers, CanWriteUsers, Keys, Now, PublicSession
from app.errors import CursorInvalid, LastOwner, RoleDenied, SecondFactorMissing, TierLimit, UserNotFound
from app.people import platform_users
from app.people.user_schemas import UserAccountRead, UserFilters
from app.routers.pages import PageRead
from app.routers.problems import PERMITTED, problems
from app.routers.routing import ApiRouter

router = ApiRouter(prefix="/platform/users", tags=["Platform: users"], responses=problems(*PERMITTED))


@router.get("", summary="List users", responses=problems(CursorInvalid))
async def list_users(
    actor: CanReadUsers, session: PublicSession, filters: Annotated[UserFilters, Query()]
) -> PageRead[UserAccountRead]:
    """The users that the caller may see, newest first. Support sees businesses' users, sales those of demo accounts."""
    return PageRead[UserAccountRead].model_validate(await platform_users.find(session, actor, filters))


@router.get("/{user_id}", summary="Get a user", responses=problems(UserNotFound))
async def get_user(user_id: UUID, actor: CanReadUsers, session: PublicSession) -> UserAccountRead:
    """One user."""
    return await platform_users.require(session, actor, user_id)


@router.post(
    "/{user_id}/revoke-sessions",
    status_code=204,
    summary="Log a user out everywhere",
    responses=problems(UserNotFound, RoleDenied),
)
async def revoke_user_sessions(user_id: UUID, actor: CanWriteUsers, session: PublicSession, now: Now) -> None:
    """End all sessions of a user at once."""
    await platform_users.revoke_sessions(session, actor, user_id, now=now)


@router.post(
    "/{user_id}/reset-second-factor",
    status_code=204,
    summary="Remove a user's second factors",
    responses=problems(UserNotFound, RoleDenied, SecondFactorMissing),
)
async def reset_user_second_factor(
    user_id: UUID, actor: CanWriteUsers, session: PublicSession, keyring: Keys, now: Now
) -> None:
    """For somebody who has lost authenticator and recovery codes: the password alone lets them in then."""
    await platform_users.reset_second_factor(session, keyring, actor, user_id, now=now)


@router.post(
    "/{user_id}/deactivate", summary="Deactivate a user", responses=problems(UserNotFound, RoleDenied, LastOwner)
)
async def deactivate_user(user_id: UUID, actor: CanWriteUsers, session: PublicSession, now: Now) -> UserAccountRead:
    """Shut a user out at once. What they did is kept."""
    return await platform_users.deactivate(session, actor, user_id, now=now)


@router.post(
    "/{user_id}/reactivate", summary="Reactivate a user", responses=problems(UserNotFound, RoleDenied, TierLimit)
)
async def reactivate_user(user_id: UUID, actor: CanWriteUsers, session: PublicSession, now: Now) -> UserAccountRead:
    """Let a user log in again, if the business's subscription has room."""
    return await platform_users.reactivate(session, actor, user_id, now=now)
