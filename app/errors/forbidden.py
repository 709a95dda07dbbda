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


class CrossSiteRequest(Forbidden):
    """A write with cookies came from another site.

    Browsers may only send cookie-authenticated writes from the business's own pages. API clients send a bearer token.
    """
