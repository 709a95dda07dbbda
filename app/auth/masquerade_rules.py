"""Who may act in whose place. Pure: the matrix, and the rules that no role lifts."""

from dataclasses import dataclass
from uuid import UUID

from app.auth.roles import Role
from app.errors import Sentence


@dataclass(frozen=True, slots=True)
class Person:
    """What the rules look at in a user.

    `is_demo` says whether their business is a demo account, `is_served` whether its host answers at all.
    """

    user_id: UUID
    role: Role
    tenant_id: UUID | None
    is_active: bool
    is_demo: bool = False
    is_served: bool = True


_STAFF = frozenset({Role.TENANT_MANAGER, Role.TENANT_STAFF})


def objection(actor: Person, target: Person) -> Sentence | None:
    """What stands against the actor's masquerading as the target, or None if nothing does.

    Whoever is out of the actor's reach is spoken of as `no_power` speaks of anybody: what they are is not told.
    """
    if actor.user_id == target.user_id:
        return Sentence("Nobody can masquerade as themselves.")
    is_above = target.role is Role.SUPERUSER and actor.role is not Role.SUPERUSER
    if is_above or not _MATRIX.get(actor.role, _nobody)(actor, target):
        return no_power(actor.role)
    if not actor.is_active or not target.is_active:
        return Sentence("One of the two is deactivated.")
    if not target.is_served:
        return Sentence("The business is suspended: nobody can enter it.")
    return None


def no_power(role: Role) -> Sentence:
    """What is said where the matrix does not reach, and where there is no such user."""
    return Sentence("The role {role} may not masquerade as this user.", {"role": role})


def _anyone(_actor: Person, _target: Person) -> bool:
    return True


def _nobody(_actor: Person, _target: Person) -> bool:
    return False


def _tenant_users(_actor: Person, target: Person) -> bool:
    return not target.role.is_platform


def _users_of_demos(_actor: Person, target: Person) -> bool:
    return target.is_demo and not target.role.is_platform


def _own_staff(actor: Person, target: Person) -> bool:
    return target.role in _STAFF and actor.tenant_id is not None and actor.tenant_id == target.tenant_id


_MATRIX = {
    Role.SUPERUSER: _anyone,
    Role.PLATFORM_SUPPORT: _tenant_users,
    Role.PLATFORM_SALES: _users_of_demos,
    Role.TENANT_OWNER: _own_staff,
}
