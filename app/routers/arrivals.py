"""Answering somebody who has come by a link from a mail."""

from fastapi import Response

from app.auth.cookies import CookieNames
from app.auth.sessions import SignedIn
from app.people.account_schemas import ArrivalRead
from app.routers import session_cookies


def answer(signed_in: SignedIn | None, response: Response, names: CookieNames) -> ArrivalRead:
    """As a log-in is answered, if the link logs its user in."""
    return ArrivalRead(session=session_cookies.answer(signed_in, response, names) if signed_in else None)
