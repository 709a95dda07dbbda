"""Who manages whom. Pure: what each role may make of others, and of which others."""

from app.auth.roles import Role

STAFF = frozenset({Role.TENANT_OWNER, Role.TENANT_MANAGER, Role.TENANT_STAFF})
"""The people who work at a business."""
PLATFORM = frozenset(role for role in Role if role.is_platform)
"""The platform's own people."""

_MANAGES = {
    Role.SUPERUSER: PLATFORM,
    Role.PLATFORM_MANAGER: frozenset({Role.PLATFORM_SALES, Role.PLATFORM_SUPPORT}),
    Role.TENANT_OWNER: STAFF,
}


def managed_by(role: Role) -> frozenset[Role]:
    """The roles that somebody of this role may give and take, and whose holders they may manage."""
    return _MANAGES.get(role, frozenset())


def staff_of(*, platform: bool) -> frozenset[Role]:
    """The roles of the people who work at the platform, or at a business."""
    return PLATFORM if platform else STAFF


def keeper_of(*, platform: bool) -> Role:
    """The role of which there must always be somebody who can log in."""
    return Role.SUPERUSER if platform else Role.TENANT_OWNER
