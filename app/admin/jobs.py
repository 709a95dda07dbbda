"""The job queue and what has failed of late."""

from starlette.requests import Request
from starlette.responses import Response

from app.admin.pages import OfficePage, page
from app.auth.permissions import Permission
from app.auth.principals import Principal
from app.runtime import Runtime
from app.tenancy.dependencies import now


class JobPages(OfficePage):
    menu_label = "Jobs"
    icon = "fa-solid fa-gears"
    path = "/jobs"
    about = "The queue of background jobs, and their failures with the reasons."
    permission = Permission.OPERATIONS_READ

    @page("", Permission.OPERATIONS_READ, name="jobs")
    async def index(self, request: Request, _actor: Principal) -> Response:
        """What waits, what runs, what has failed."""
        runtime: Runtime = request.app.state.runtime
        instant = await now(request)
        return self.show(request, "jobs.html", queue=await runtime.queue.state(now=instant), now=instant)
