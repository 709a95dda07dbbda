"""Tables that all tenants share."""

from app.models.public.api_token import ApiTokenRow
from app.models.public.domain import DomainRow
from app.models.public.tenant import TenantRow
from app.models.public.tenant_schema import TenantSchemaRow
from app.models.public.user import UserRow
from app.models.public.user_session import UserSessionRow

__all__ = ["ApiTokenRow", "DomainRow", "TenantRow", "TenantSchemaRow", "UserRow", "UserSessionRow"]
