"""Users as the platform sees them."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from app.auth.permissions import Area
from app.auth.roles import Role
from app.auth.schemas import areas_of
from app.core.filters import Changing
from app.core.pagination import ORDER, Ids, PageRequest
from app.core.schemas import ResponseModel, SearchText
from app.models.public import TenantRow, UserRow
from app.people.staff_schemas import PersonSort


class UserFilters(Changing, PageRequest):
    """Which users are wanted, and which page of them."""

    sort: Annotated[PersonSort, ORDER] = "-created_at"
    ids: Ids = ()
    tenant_id: UUID | None = None
    """Only users of this business."""
    role: Role | None = None
    is_active: bool | None = None
    q: SearchText | None = None
    """Part of the name or of the e-mail address."""


class UserTenantRead(ResponseModel):
    id: UUID
    slug: str
    name: str
    is_temporary: bool
    """Whether it is a demo account."""


class UserAccountRead(ResponseModel):
    id: UUID
    email: str
    name: str
    role: Role
    areas: list[Area]
    tenant: UserTenantRead | None
    """Null for the platform's own people."""
    is_active: bool
    email_verified: bool
    has_second_factor: bool
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: UserRow, tenant: TenantRow | None, *, has_second_factor: bool) -> Self:
        """A user as stored, with their business."""
        return cls(
            id=row.id,
            email=row.email,
            name=row.name,
            role=Role(row.role),
            areas=areas_of(row),
            tenant=UserTenantRead.model_validate(tenant) if tenant else None,
            is_active=row.is_active,
            email_verified=row.email_verified_at is not None,
            has_second_factor=has_second_factor,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )
