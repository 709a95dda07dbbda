"""The eight roles."""

from enum import StrEnum


class Role(StrEnum):
    SUPERUSER = "SUPERUSER"
    PLATFORM_MANAGER = "PLATFORM_MANAGER"
    PLATFORM_SALES = "PLATFORM_SALES"
    PLATFORM_SUPPORT = "PLATFORM_SUPPORT"
    TENANT_OWNER = "TENANT_OWNER"
    TENANT_MANAGER = "TENANT_MANAGER"
    TENANT_STAFF = "TENANT_STAFF"
    CUSTOMER = "CUSTOMER"

    @property
    def is_platform(self) -> bool:
        """Whether users of this role belong to the platform, and so to no tenant."""
        return self in _PLATFORM


_PLATFORM = frozenset({Role.SUPERUSER, Role.PLATFORM_MANAGER, Role.PLATFORM_SALES, Role.PLATFORM_SUPPORT})
