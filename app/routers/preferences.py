"""What users set for themselves."""

from fastapi import Response

from app.auth.dependencies import InSession, Now, PublicSession
from app.auth.principals import Principal
from app.errors import InPersonOnly, RevisionStale
from app.people import preferences
from app.people.preference_schemas import Preferences, PreferencesRead
from app.routers.conditions import ExpectedRevisions
from app.routers.problems import AUTHENTICATED, ON_ANY_HOST, problems
from app.routers.routing import ApiRouter

router = ApiRouter(
    prefix="/me/preferences", tags=["Me"], responses=problems(*ON_ANY_HOST, *AUTHENTICATED, InPersonOnly)
)


def _answer(kept: preferences.Kept, caller: Principal, response: Response) -> PreferencesRead:
    response.headers["ETag"] = kept.etag
    return PreferencesRead(document=kept.document, effective=preferences.effective(kept.document, caller.tenant))


@router.get("", summary="Get my preferences")
async def get_preferences(caller: InSession, session: PublicSession, response: Response) -> PreferencesRead:
    """The document as it was last written, and what holds where it says nothing. Its `ETag` belongs to the document."""
    return _answer(await preferences.get(session, caller.user_id), caller, response)


@router.put("", summary="Write my preferences", responses=problems(RevisionStale))
async def put_preferences(
    body: Preferences,
    caller: InSession,
    session: PublicSession,
    revisions: ExpectedRevisions,
    now: Now,
    response: Response,
) -> PreferencesRead:
    """Write the document as a whole. Once there is one, its `ETag` has to be sent in `If-Match`."""
    return _answer(await preferences.put(session, caller.user_id, body, revisions, now=now), caller, response)
