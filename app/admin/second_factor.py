"""One's own authenticator app, which a role may have to set up before it can do anything."""

from starlette.requests import Request
from starlette.responses import Response

from app.admin.forms import read_form, transaction
from app.admin.pages import OfficePage, action, page
from app.auth import enrolment, second_factor
from app.auth.principals import Principal
from app.auth.second_factor_schemas import PasswordConfirmation, TotpConfirmation
from app.errors import SecondFactorInvalid
from app.tenancy.dependencies import now


class SecondFactorPages(OfficePage):
    menu_label = "Second factor"
    icon = "fa-solid fa-mobile-screen"
    path = "/second-factor"
    permission = None

    @page("", None, name="second-factor")
    async def index(self, request: Request, actor: Principal) -> Response:
        """What is set up, or how to begin."""
        async with transaction(request) as session:
            factors = await second_factor.overview(session, actor.user_id)
        return self.show(request, "second_factor.html", factors=factors)

    @action("/begin", None, name="begin-second-factor")
    async def begin(self, request: Request, actor: Principal) -> Response:
        """Show what the app has to be told."""
        actor.in_person()
        data, state = await read_form(request, PasswordConfirmation), request.app.state
        async with transaction(request) as session:
            made = await enrolment.begin(
                session, state.keyring, state.throttle, actor, data.current_password, now=await now(request)
            )
        return self.show(request, "second_factor_begun.html", enrolment=made)

    @action("/confirm", None, name="confirm-second-factor")
    async def confirm(self, request: Request, actor: Principal) -> Response:
        """Turn the app on by its first code, and show the recovery codes, this once."""
        actor.in_person()
        data, state = await read_form(request, TotpConfirmation), request.app.state
        try:
            async with transaction(request) as session:
                codes = await enrolment.confirm(
                    session, state.keyring, state.throttle, actor, data.code.replace(" ", ""), now=await now(request)
                )
        except SecondFactorInvalid as problem:
            return self.show(request, "second_factor_begun.html", enrolment=None, problem=problem)
        return self.show(request, "recovery_codes.html", codes=codes)
