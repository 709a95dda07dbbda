"""What can be permitted, and which role has it. A token's scopes are the same words."""

from enum import StrEnum

from app.auth.roles import Role


class Permission(StrEnum):
    APPOINTMENTS_READ = "appointments:read"
    APPOINTMENTS_WRITE = "appointments:write"
    AVAILABILITY_READ = "availability:read"
    CUSTOMERS_READ = "customers:read"
    CUSTOMERS_WRITE = "customers:write"
    RESOURCES_READ = "resources:read"
    RESOURCES_WRITE = "resources:write"
    SERVICES_READ = "services:read"
    SERVICES_WRITE = "services:write"
    WEBHOOKS_READ = "webhooks:read"
    WEBHOOKS_WRITE = "webhooks:write"
    TOKENS_READ = "tokens:read"
    TOKENS_WRITE = "tokens:write"
    TENANTS_READ = "tenants:read"
    TENANTS_WRITE = "tenants:write"


P = Permission
PLATFORM_PERMISSIONS = frozenset({P.TENANTS_READ, P.TENANTS_WRITE})
"""These are of use on the platform's own hosts, all others on a business's."""

_DESK = {
    P.APPOINTMENTS_READ,
    P.APPOINTMENTS_WRITE,
    P.AVAILABILITY_READ,
    P.CUSTOMERS_READ,
    P.CUSTOMERS_WRITE,
    P.RESOURCES_READ,
    P.SERVICES_READ,
}
_MANAGEMENT = _DESK | {P.RESOURCES_WRITE, P.SERVICES_WRITE, P.WEBHOOKS_READ}

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.SUPERUSER: PLATFORM_PERMISSIONS,
    Role.PLATFORM_MANAGER: PLATFORM_PERMISSIONS,
    Role.PLATFORM_SALES: frozenset({P.TENANTS_READ}),
    Role.PLATFORM_SUPPORT: frozenset({P.TENANTS_READ}),
    Role.TENANT_OWNER: frozenset(_MANAGEMENT | {P.WEBHOOKS_WRITE, P.TOKENS_READ, P.TOKENS_WRITE}),
    Role.TENANT_MANAGER: frozenset(_MANAGEMENT),
    Role.TENANT_STAFF: frozenset(_DESK),
    Role.CUSTOMER: frozenset({P.AVAILABILITY_READ, P.SERVICES_READ}),
}

# A token can neither make tokens nor reach the platform.
SCOPES = frozenset(Permission) - PLATFORM_PERMISSIONS - {P.TOKENS_READ, P.TOKENS_WRITE}
