"""What can be permitted, and to which role. A token's scopes are the same words.

The table is the rule: whoever wants to know who may do what reads it, and `docs/permissions.md` shows it.
"""

from collections.abc import Iterable
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
    TICKETS_READ = "tickets:read"
    TICKETS_WRITE = "tickets:write"
    DESK_USE = "desk:use"
    DESK_READ = "desk:read"
    DESK_WRITE = "desk:write"
    MEDIA_READ = "media:read"
    MEDIA_WRITE = "media:write"
    SUPPORT_READ = "support:read"
    SUPPORT_WRITE = "support:write"
    SANDBOX_READ = "sandbox:read"
    SANDBOX_WRITE = "sandbox:write"
    BUSINESS_READ = "business:read"
    BUSINESS_WRITE = "business:write"
    STAFF_READ = "staff:read"
    STAFF_WRITE = "staff:write"
    GRANTS_READ = "grants:read"
    GRANTS_WRITE = "grants:write"
    MASQUERADE = "masquerade:write"
    AUDIT_READ = "audit:read"
    TENANTS_READ = "tenants:read"
    TENANTS_WRITE = "tenants:write"
    USERS_READ = "users:read"
    USERS_WRITE = "users:write"
    SUPPORT_DESK_READ = "support_desk:read"
    SUPPORT_DESK_WRITE = "support_desk:write"
    TIERS_READ = "tiers:read"
    TIERS_WRITE = "tiers:write"
    OPERATIONS_READ = "operations:read"


class Area(StrEnum):
    """A field of work that the owner gives to members of staff, one by one."""

    APPOINTMENTS = "appointments"
    CUSTOMERS = "customers"
    CATALOGUE = "catalogue"
    TICKETS_OWN = "tickets_own"
    TICKETS_ALL = "tickets_all"
    TICKETS_MANAGE = "tickets_manage"
    WEBHOOKS = "webhooks"
    REPORTS = "reports"
    SETTINGS = "settings"


P = Permission

# `yes`, `-`, or the areas any of which brings it to members of staff whom the owner has given that area.
_ROLES = (
    "SUPERUSER PLATFORM_MANAGER PLATFORM_SALES PLATFORM_SUPPORT   TENANT_OWNER TENANT_MANAGER TENANT_STAFF CUSTOMER"
)
_TABLE = {
    #                        SU   PM   SALES SUPPORT   OWNER MANAGER STAFF CUSTOMER
    P.APPOINTMENTS_READ: "   -    -    -     -         yes   yes     yes          -   ",
    P.APPOINTMENTS_WRITE: "  -    -    -     -         yes   yes     appointments -   ",
    P.AVAILABILITY_READ: "   -    -    -     -         yes   yes     yes          yes ",
    P.CUSTOMERS_READ: "      -    -    -     -         yes   yes     customers    -   ",
    P.CUSTOMERS_WRITE: "     -    -    -     -         yes   yes     customers    -   ",
    P.RESOURCES_READ: "      -    -    -     -         yes   yes     yes          -   ",
    P.RESOURCES_WRITE: "     -    -    -     -         yes   yes     catalogue    -   ",
    P.SERVICES_READ: "       -    -    -     -         yes   yes     yes          yes ",
    P.SERVICES_WRITE: "      -    -    -     -         yes   yes     catalogue    -   ",
    P.WEBHOOKS_READ: "       -    -    -     -         yes   yes     webhooks     -   ",
    P.WEBHOOKS_WRITE: "      -    -    -     -         yes   -       -            -   ",
    P.TOKENS_READ: "         -    -    -     -         yes   -       -            -   ",
    P.TOKENS_WRITE: "        -    -    -     -         yes   -       -            -   ",
    # The own tickets, and those of everybody.
    P.TICKETS_READ: "        -    -    -     -         yes   yes     tickets_own,tickets_all,tickets_manage yes ",
    P.TICKETS_WRITE: "       -    -    -     -         yes   yes     tickets_own,tickets_all,tickets_manage yes ",
    P.DESK_USE: "            -    -    -     -         yes   yes     tickets_own,tickets_all,tickets_manage - ",
    P.DESK_READ: "           -    -    -     -         yes   yes     tickets_all,tickets_manage - ",
    P.DESK_WRITE: "          -    -    -     -         yes   yes     tickets_manage - ",
    # The files that one has uploaded oneself.
    P.MEDIA_READ: "          -    -    -     -         yes   yes     yes          yes ",
    P.MEDIA_WRITE: "         -    -    -     -         yes   yes     yes          yes ",
    P.SUPPORT_READ: "        -    -    -     -         yes   yes     -            -   ",
    P.SUPPORT_WRITE: "       -    -    -     -         yes   yes     -            -   ",
    P.SANDBOX_READ: "        -    -    -     -         yes   yes     yes          -   ",
    P.SANDBOX_WRITE: "       -    -    -     -         yes   yes     -            -   ",
    P.BUSINESS_READ: "       -    -    -     -         yes   yes     yes          -   ",
    P.BUSINESS_WRITE: "      -    -    -     -         yes   yes     settings     -   ",
    P.STAFF_READ: "          yes  yes  -     -         yes   yes     -            -   ",
    P.STAFF_WRITE: "         yes  yes  -     -         yes   -       -            -   ",
    P.GRANTS_READ: "         yes  yes  -     -         yes   yes     -            -   ",
    P.GRANTS_WRITE: "        yes  yes  -     -         yes   yes     -            -   ",
    P.MASQUERADE: "          yes  -    yes   yes       yes   -       -            -   ",
    P.AUDIT_READ: "          yes  yes  -     -         yes   yes     reports      -   ",
    P.TENANTS_READ: "        yes  yes  yes   yes       -     -       -            -   ",
    P.TENANTS_WRITE: "       yes  yes  -     -         -     -       -            -   ",
    P.USERS_READ: "          yes  yes  yes   yes       -     -       -            -   ",
    P.USERS_WRITE: "         yes  yes  -     yes       -     -       -            -   ",
    P.SUPPORT_DESK_READ: "   yes  yes  yes   yes       -     -       -            -   ",
    P.SUPPORT_DESK_WRITE: "  yes  yes  -     yes       -     -       -            -   ",
    P.TIERS_READ: "          yes  yes  yes   yes       -     -       -            -   ",
    P.TIERS_WRITE: "         yes  -    -     -         -     -       -            -   ",
    P.OPERATIONS_READ: "     yes  yes  -     yes       -     -       -            -   ",
}

MATRIX: dict[Permission, dict[Role, str]] = {
    permission: dict(zip(map(Role, _ROLES.split()), row.split(), strict=True)) for permission, row in _TABLE.items()
}


def permissions_of(role: Role, areas: Iterable[str] = ()) -> frozenset[Permission]:
    """What a user of this role may do; of TENANT_STAFF, one with these areas."""
    given = {"yes", *areas} if role is Role.TENANT_STAFF else {"yes"}
    return frozenset(permission for permission, row in MATRIX.items() if not given.isdisjoint(row[role].split(",")))


def _of_realm(*, platform: bool) -> frozenset[Permission]:
    """What any role of the platform (or of businesses) can have."""
    return frozenset(p for p, row in MATRIX.items() if any(row[r] != "-" for r in Role if r.is_platform is platform))


_ON_PLATFORM, _AT_BUSINESSES = _of_realm(platform=True), _of_realm(platform=False)

PLATFORM_PERMISSIONS = _ON_PLATFORM - _AT_BUSINESSES
"""Of use on the platform's own hosts alone."""
BUSINESS_PERMISSIONS = _AT_BUSINESSES - _ON_PLATFORM
"""Of use on a business's hosts alone. What is in neither set exists on both."""

_ABOUT_POWER = frozenset({P.TOKENS_READ, P.TOKENS_WRITE, P.STAFF_WRITE, P.GRANTS_READ, P.GRANTS_WRITE, P.MASQUERADE})

# A token can neither hand out power nor reach the platform, and cannot choose its mode.
SCOPES = _AT_BUSINESSES - _ABOUT_POWER - {P.SANDBOX_READ}
# Nor can anybody lend the power to hand out power, or to change what subscriptions cover.
GRANTABLE = frozenset(Permission) - _ABOUT_POWER - {P.TIERS_WRITE}
# Whoever acts in another's place hands out nothing in their name, and leaves nothing behind that goes on without them.
# Nor does the platform write to itself in a business's name.
WITHHELD_WHILE_MASQUERADING = _ABOUT_POWER | {P.WEBHOOKS_WRITE, P.USERS_WRITE, P.SANDBOX_WRITE, P.SUPPORT_WRITE}
# There is one staff with its powers and one set of settings, and they are live: nobody gets at them from the sandbox.
# What a business asks of the platform is in earnest as well.
LIVE_ONLY = frozenset({P.STAFF_READ, P.STAFF_WRITE, P.GRANTS_READ, P.GRANTS_WRITE, P.MASQUERADE, P.BUSINESS_WRITE}) | {
    P.SUPPORT_READ,
    P.SUPPORT_WRITE,
}
