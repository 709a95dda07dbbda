"""Log-ins, callers and API tokens as they travel."""

from datetime import datetime
from ipaddress import ip_network
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, EmailStr, Field, StringConstraints, field_validator

from app.auth.passwords import MAX_LENGTH, MIN_LENGTH, check_length
from app.auth.permissions import SCOPES, Area, Permission
from app.auth.roles import Role
from app.core.filters import Dated
from app.core.pagination import ORDER, Ids, PageRequest
from app.core.patch import PatchModel, Settable
from app.core.schemas import Instant, Name, RequestModel, ResponseModel, SearchText
from app.core.versions import VERSIONS
from app.errors import InvalidValue
from app.models.public import ApiTokenRow, UserRow

TokenMode = Literal["live", "test"]
Password = Annotated[
    str,
    StringConstraints(strip_whitespace=False, max_length=MAX_LENGTH),
    Field(examples=["a long and private phrase"]),
]
"""A password exactly as it was typed, its spaces too."""
NewPassword = Annotated[Password, AfterValidator(check_length), Field(json_schema_extra={"minLength": MIN_LENGTH})]
"""One that somebody chooses; `check_password` has the last word."""


class LoginRequest(RequestModel):
    email: Annotated[EmailStr, Field(examples=["owner@demo.example"])]
    password: Password


class RefreshRequest(RequestModel):
    refresh_token: str | None = Field(None, max_length=256)
    """Left out by browsers, whose cookie carries it."""


def areas_of(row: UserRow) -> list[Area]:
    """The areas that count: none for any role but TENANT_STAFF."""
    return sorted(set(map(Area, row.areas))) if row.role == Role.TENANT_STAFF else []


class UserRead(ResponseModel):
    id: UUID
    email: str
    name: str
    role: Role
    areas: list[Area]
    """What the owner has given a member of staff to do; empty for every other role."""
    tenant_id: UUID | None
    email_verified: bool

    @classmethod
    def of(cls, row: UserRow) -> Self:
        """A user as stored."""
        return cls(
            id=row.id,
            email=row.email,
            name=row.name,
            role=Role(row.role),
            areas=areas_of(row),
            tenant_id=row.tenant_id,
            email_verified=row.email_verified_at is not None,
        )


class SessionRead(ResponseModel):
    access_token: str
    refresh_token: str
    token_type: Literal["Bearer"]
    expires_in: int
    """Seconds until the access token expires."""
    expires_at: datetime
    """When the session ends, unless it is refreshed before."""
    csrf_token: str
    """To be sent as `X-CSRF-Token` with every write that the cookie authenticates."""
    user: UserRead


class TenantSummary(ResponseModel):
    id: UUID
    slug: str
    name: str
    timezone: str
    currency: str


def _network(text: str) -> str:
    try:
        return str(ip_network(text))
    except ValueError as error:
        raise InvalidValue(
            "'{network}' is no network; write it as '203.0.113.0/24', '2001:db8::/32', or one address",
            code="network",
            params={"network": text},
        ) from error


AllowedNetworks = Annotated[
    list[Annotated[str, StringConstraints(max_length=50), AfterValidator(_network)]],
    Field(max_length=50, examples=[["203.0.113.0/24"]]),
]


def _version(date: str) -> str:
    if date not in VERSIONS.dates:
        raise InvalidValue(
            "there is no version '{version}'; there is {known}",
            code="version",
            params={"version": date, "known": list(VERSIONS.dates)},
        )
    return date


_Version = Annotated[
    str,
    AfterValidator(_version),
    Field(max_length=10, examples=[VERSIONS.latest], json_schema_extra={"enum": [*VERSIONS.dates]}),
]
_Scope = Annotated[Permission, Field(json_schema_extra={"enum": sorted(SCOPES)})]


class TokenCreate(RequestModel):
    # What the documentation page fills in: without an `expires_at`, for which it would put the present.
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "Our website", "mode": "test", "scopes": ["appointments:write"]}]}
    )

    name: Name
    mode: TokenMode
    scopes: Annotated[list[_Scope], Field(min_length=1, max_length=50, examples=[["appointments:write"]])]
    expires_at: Instant | None = None
    """When it stops to work; never, if left out."""
    allowed_networks: AllowedNetworks = Field([])
    """From where it may be used, in CIDR notation. From anywhere, if left out."""

    @field_validator("scopes")
    @classmethod
    def _only_scopes(cls, scopes: list[Permission]) -> list[Permission]:
        wrong = sorted(set(scopes) - SCOPES)
        if wrong:
            raise InvalidValue("a token cannot have {scopes}", code="scope", params={"scopes": wrong})
        return sorted(set(scopes))


class TokenUpdate(PatchModel):
    name: Settable[Name] = None
    allowed_networks: Settable[AllowedNetworks] = None
    """From where it may be used; an empty list is anywhere."""
    api_version: Settable[_Version] = None
    """Another version of the API for it to speak, once your program has been made fit for it."""


class TokenRoll(RequestModel):
    overlap_seconds: int = Field(86_400, ge=0, le=7 * 86_400, examples=[3600])
    """How long the old token goes on working: a day, if left out; a week at most; 0 ends it at once."""


class TokenData(ResponseModel):
    """A token as events tell of it: nobody can use it who reads of it."""

    id: UUID
    name: Annotated[str, Field(examples=["Our website"])]
    mode: TokenMode
    scopes: list[Permission]
    hint: Annotated[str, Field(examples=["ss_live_…x7Qa"])]
    """Its prefix and last characters, to recognise it by."""
    api_version: Annotated[str, Field(examples=["2026-11-01"])]
    """The version of the API that it speaks, unless a request asks for another by `Smooth-Version`."""
    expires_at: datetime | None
    allowed_networks: Annotated[list[str], Field(examples=[["203.0.113.0/24"]])]
    """From where it may be used; from anywhere, if there are none."""
    last_used_at: datetime | None
    """To within some seconds. Null for a token that has never been used."""
    rolled_from_id: UUID | None
    """The token that this one took over from."""
    created_at: datetime

    @classmethod
    def told(cls, row: ApiTokenRow) -> "TokenData":
        """A stored token by itself."""
        stored = {name: getattr(row, name) for name in TokenData.model_fields if name != "mode"}
        return TokenData.model_validate(stored | {"mode": "test" if row.is_sandbox else "live"})


class TokenRead(TokenData):
    token: str | None
    """The token itself: of a test token always, of a live one only in the answer to its making."""

    @classmethod
    def of(cls, row: ApiTokenRow, *, token: str | None = None) -> Self:
        """A stored token; `token` is the plaintext where it has just been made."""
        return cls(**TokenData.told(row).model_dump(), token=token or row.plaintext)


class TokenFilters(Dated, PageRequest):
    """Which tokens are wanted, and which page of them."""

    sort: Annotated[Literal["name", "-name", "created_at", "-created_at"], ORDER] = "-created_at"
    ids: Ids = ()
    scope: Permission | None = None
    """Only those that have this scope."""
    q: SearchText | None = None
    """Part of the name."""
