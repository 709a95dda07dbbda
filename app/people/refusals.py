"""Saying no to what somebody's role does not reach, and keeping it in the audit trail."""

from typing import NoReturn
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.context import Result, Subject
from app.audit.events import AuditEvent
from app.audit.recording import record
from app.auth.principals import Principal
from app.auth.roles import Role
from app.errors import LastOwner, RoleDenied, Sentence
from app.models.public import UserRow
from app.people.ranks import keeper_of, managed_by


def refuse(session: AsyncSession, reason: Sentence, *, about: Subject | None = None) -> NoReturn:
    """Raise RoleDenied, and have the attempt recorded. To be called before anything has been changed."""
    record(session, AuditEvent.PERMISSION_DENIED, result=Result.DENIED, reason=str(reason), about=about)
    raise RoleDenied(reason)


def require_rank(session: AsyncSession, actor: Principal, role: str, *, about: Subject | None = None) -> None:
    """See that the actor may give this role, and manage whoever has it. Raises RoleDenied."""
    if role not in managed_by(actor.role):
        reason = Sentence(
            "The role {own_role} neither gives the role {role} nor manages people who have it.",
            {"own_role": actor.role, "role": role},
        )
        refuse(session, reason, about=about)


def require_another_keeper(people: dict[UUID, UserRow], leaving: UserRow) -> None:
    """See that somebody else can still log in as an owner, or as a superuser of the platform. Raises LastOwner.

    `people` are all who could, as `lock_with_keepers` gives them.
    """
    keeper = keeper_of(platform=leaving.tenant_id is None)
    if any(user.role == keeper and user.is_active and user.id != leaving.id for user in people.values()):
        return
    raise LastOwner(None if keeper is Role.TENANT_OWNER else "The platform would be left without a SUPERUSER.")
