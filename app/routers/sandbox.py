"""The sandbox: in and out of it, and all over again."""

from dataclasses import replace

from fastapi import Request, Response

from app.auth.dependencies import CanEnterSandbox, CanResetSandbox, Cookies, Now, PublicSession
from app.auth.sandbox_schemas import ModeRead, SandboxToggle
from app.auth.tags import mode_tag
from app.businesses import sandbox
from app.businesses.dependencies import SandboxSession
from app.businesses.schemas import SandboxRead
from app.db.invalidation import announce
from app.routers import session_cookies
from app.routers.problems import PERMITTED, problems
from app.routers.routing import ApiRouter
from app.tenancy.dependencies import CurrentTenant
from app.tenancy.mode import Mode

router = ApiRouter(prefix="/sandbox", tags=["Sandbox"], responses=problems(*PERMITTED))


@router.post("/toggle", summary="Enter or leave the sandbox")
async def toggle_sandbox(
    actor: CanEnterSandbox,
    cookies: Cookies,
    session: PublicSession,
    request: Request,
    response: Response,
    body: SandboxToggle | None = None,
) -> ModeRead:
    """Choose by a cookie which data this session works on; without a body it is the other ones.

    For sessions of those who work at the business. A token's mode is its own, and customers have no sandbox.
    """
    enters = body.enabled if body else actor.mode is Mode.LIVE
    mode = Mode.SANDBOX if enters else Mode.LIVE
    announce(session, mode_tag(actor.in_session(), mode))
    session_cookies.choose_mode(mode, response, cookies)
    request.state.caller = replace(actor, mode=mode)  # of which the answer's headers speak
    return ModeRead(mode=mode)


@router.post("/reset", summary="Reset the sandbox")
async def reset_sandbox(
    actor: CanResetSandbox, tenant: CurrentTenant, session: SandboxSession, now: Now
) -> SandboxRead:
    """Empty the sandbox, and fill it with a small business whose diary begins tomorrow. Live data are not touched.

    For sessions in either mode, and for test tokens: those outlast it, the sandbox's webhook endpoints do not.
    """
    return await sandbox.reset(session, actor, tenant, now=now)
