"""Users across businesses: masquerading, ending sessions, resetting second factors, shutting out and letting in."""

from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.admin.forms import checked, fields_of, transaction
from app.admin.lists import chosen, list_request
from app.admin.pages import OfficePage, action, done, page
from app.auth import masquerade
from app.auth.dependencies import PermittedToMasquerade, device
from app.auth.masquerade import Handover
from app.auth.masquerade_schemas import MasqueradeCreate
from app.auth.permissions import Permission
from app.auth.principals import Principal
from app.auth.roles import Role
from app.people import overview, platform_users
from app.people.user_schemas import UserFilters
from app.routers import session_cookies
from app.tenancy.dependencies import current_host, now

ACTIVITY = ["active", "deactivated"]


class UserPages(OfficePage):
    menu_label = "Users"
    icon = "fa-solid fa-users"
    path = "/users"
    about = "Everybody who can log in: roles, second factors, sessions; masquerade."
    permission = Permission.USERS_READ

    def of_tenant(self, tenant_id: UUID) -> str:
        """The business's users."""
        return f"?tenant_id={tenant_id}"

    @page("", Permission.USERS_READ, name="users")
    async def index(self, request: Request, actor: Principal) -> Response:
        """The users that the reader may see."""
        wanted, instant = list_request(request), await now(request)
        role, activity = chosen(request, "role", [*Role]), chosen(request, "activity", ACTIVITY)
        filters = UserFilters(
            tenant_id=_uuid(request.query_params.get("tenant_id")),
            role=Role(role) if role else None,
            is_active=activity == "active" if activity else None,
        )
        async with transaction(request) as session:
            listing = await overview.find(session, actor, wanted, filters)
            standings = await overview.standings_of(session, [user.id for user in listing.items])
            candidates = await overview.candidates_among(session, actor, standings, now=instant)
        found = {"listing": listing, "standings": standings, "candidates": candidates}
        choices = {"role": role, "roles": [*Role], "activity": activity, "activities": ACTIVITY}
        return self.show(request, "users.html", wanted=wanted, filters=filters, **found, **choices)

    @page("/{user_id:uuid}", Permission.USERS_READ, name="user")
    async def detail(self, request: Request, actor: Principal) -> Response:
        """One user, and what can be done about them."""
        user_id = _user_id(request)
        async with transaction(request) as session:
            user = await platform_users.require(session, actor, user_id)
            standing = (await overview.standings_of(session, [user_id]))[user_id]
            candidates = await overview.candidates_among(session, actor, [user_id], now=await now(request))
        may_write = Permission.USERS_WRITE in actor.permissions and user_id != actor.user_id
        context: dict[str, Any] = {"may_write": may_write, "may_masquerade": user_id in candidates}
        return self.show(request, "user.html", user=user, standing=standing, **context)

    @action("/{user_id:uuid}/masquerade", PermittedToMasquerade(Permission.MASQUERADE), name="masquerade")
    async def masquerade(self, request: Request, actor: Principal) -> Response:
        """Act in the user's place: here, or by a link to their own host."""
        fields = await fields_of(request) | {"user_id": str(_user_id(request))}
        data = checked(MasqueradeCreate, fields)
        state = request.app.state
        async with transaction(request) as session:
            begun = await masquerade.begin(
                session,
                state.keyring,
                state.runtime.settings,
                await current_host(request),
                actor,
                data,
                device=await device(request),
                now=await now(request),
            )
        if isinstance(begun, Handover):
            return self.show(request, "handover.html", handover=begun, reason=data.reason)
        answer = RedirectResponse(f"{request.scope['root_path']}/", status_code=303)
        session_cookies.answer_masquerade(begun, answer, state.cookies)
        return answer

    @action("/{user_id:uuid}/revoke-sessions", Permission.USERS_WRITE, name="revoke-sessions")
    async def revoke_sessions(self, request: Request, actor: Principal) -> Response:
        """Log the user out everywhere."""
        async with transaction(request) as session:
            await platform_users.revoke_sessions(session, actor, _user_id(request), now=await now(request))
        return done(request, "sessions-revoked")

    @action("/{user_id:uuid}/reset-second-factor", Permission.USERS_WRITE, name="reset-second-factor")
    async def reset_second_factor(self, request: Request, actor: Principal) -> Response:
        """Remove the user's second factors."""
        keyring, instant = request.app.state.keyring, await now(request)
        async with transaction(request) as session:
            await platform_users.reset_second_factor(session, keyring, actor, _user_id(request), now=instant)
        return done(request, "second-factor-reset")

    @action("/{user_id:uuid}/deactivate", Permission.USERS_WRITE, name="deactivate-user")
    async def deactivate(self, request: Request, actor: Principal) -> Response:
        """Shut the user out."""
        async with transaction(request) as session:
            await platform_users.deactivate(session, actor, _user_id(request), now=await now(request))
        return done(request, "deactivated")

    @action("/{user_id:uuid}/reactivate", Permission.USERS_WRITE, name="reactivate-user")
    async def reactivate(self, request: Request, actor: Principal) -> Response:
        """Let the user in again."""
        async with transaction(request) as session:
            await platform_users.reactivate(session, actor, _user_id(request), now=await now(request))
        return done(request, "reactivated")


def _user_id(request: Request) -> UUID:
    user_id: UUID = request.path_params["user_id"]
    return user_id


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None
