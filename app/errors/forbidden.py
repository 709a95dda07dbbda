"""403: known, and not allowed."""

from app.errors.problem import Problem


class Forbidden(Problem):
    """This is not allowed."""

    status = 403


class PermissionDenied(Forbidden):
    """The caller lacks the permission for this.

    The detail names the permission; the owner of the business can give it, or make a token with that scope.
    """


class TenantSuspended(Forbidden):
    """The business is suspended.

    Its data are kept. Its owner can contact the platform's support to resume it.
    """


class AddressNotAllowed(Forbidden):
    """The token may not be used from this address.

    Its `allowed_networks` do not hold the address that the request came from.
    """


class CrossSiteRequest(Forbidden):
    """A write with cookies came from another site.

    Browsers may only send cookie-authenticated writes from the business's own pages. API clients send a bearer token.
    """


class CsrfTokenInvalid(Forbidden):
    """`X-CSRF-Token` is missing, or belongs to another session.

    Send the `csrf_token` that the log-in, the refresh and `GET /api/v1/me` answer. API clients send a bearer
    token instead.
    """


class InPersonOnly(Forbidden):
    """Only the user themselves can do this, in a session of their own.

    It is not possible with an API token, nor while masquerading.
    """


class EnrolmentRequired(Forbidden):
    """A second factor has to be set up first.

    Your role may only be used with one. `POST /api/v1/me/totp` begins.
    """


class PasswordWrong(Forbidden):
    """The current password is wrong.

    Nothing was changed. Send the password that you log in with as `current_password`.
    """

    keeps_changes = True


class RoleDenied(Forbidden):
    """Your role does not reach this role.

    Owners manage the people of their business, the platform's superusers and managers those of the platform below them,
    and nobody changes their own role. The detail says which rule stands against it. The attempt was recorded.
    """

    keeps_changes = True


class MasqueradeDenied(Forbidden):
    """You may not act as this user.

    The detail says which rule stands against it. The attempt was recorded.
    """

    keeps_changes = True


class GrantDenied(Forbidden):
    """You may not give this permission to this user.

    You can lend what your own role has, for at most 24 hours, to a colleague in the same place. The detail says what is
    missing.
    """


class SignUpClosed(Forbidden):
    """This business takes no sign-ups of customers.

    Ask the business for an invitation.
    """


class SandboxNotAllowed(Forbidden):
    """This exists in live mode only.

    Repeat it with live credentials, if you mean it.
    """


class SandboxOnly(Forbidden):
    """This exists in the sandbox only.

    Repeat it with a test token (`ss_test_…`).
    """
