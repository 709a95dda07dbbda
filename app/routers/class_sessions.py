"""Sessions of classes: the starts that several customers share."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from app.auth.dependencies import CanReadAppointments, TenantSession
from app.errors import ClassSessionNotFound, CursorInvalid
from app.routers.pages import PageRead
from app.routers.problems import PERMITTED, problems
from app.routers.routing import ApiRouter
from app.scheduling import class_sessions
from app.scheduling.schemas.class_sessions import ClassSessionFilters, ClassSessionRead

router = ApiRouter(prefix="/class-sessions", tags=["Classes"], responses=problems(*PERMITTED))


@router.get("", summary="List class sessions", responses=problems(CursorInvalid))
async def list_class_sessions(
    _actor: CanReadAppointments, session: TenantSession, filters: Annotated[ClassSessionFilters, Query()]
) -> PageRead[ClassSessionRead]:
    """The sessions in order of their start. The first booking of a start opens one, and the last to leave closes it."""
    return PageRead[ClassSessionRead].model_validate(await class_sessions.find(session, filters))


@router.get("/{class_session_id}", summary="Get a class session", responses=problems(ClassSessionNotFound))
async def get_class_session(
    class_session_id: UUID, _actor: CanReadAppointments, session: TenantSession
) -> ClassSessionRead:
    """One session. Who is in it are the appointments with its `class_session_id`."""
    return ClassSessionRead.model_validate(await class_sessions.require(session, class_session_id))
