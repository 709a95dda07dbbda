"""`Idempotency-Key`: a request that is sent again is answered again, and done once."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

import orjson
from fastapi import Request, Response
from fastapi.routing import APIRoute
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.dependencies import current_principal, keyring
from app.auth.principals import Principal
from app.errors import IdempotencyKeyInUse, IdempotencyKeyInvalid, IdempotencyKeyReused
from app.idempotency import keys
from app.routers import versions
from app.routers.operations import LOG_IN_TAG, Handler, has_transaction, knows_caller, sets_cookies
from app.routers.problems import add_responses, problems
from app.tenancy.dependencies import now

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"

_KEPT_HEADERS = ("content-type", "etag", "location")
_PARAMETER = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": keys.LONGEST, "pattern": keys.PATTERN},
    "description": "A name of your own for this request, a random UUID for example. Sent again within 24 hours it is "
    "not done again: the answer is the first one's.",
}
_REPLAYED_HEADER = {
    "schema": {"type": "string", "enum": ["true"]},
    "description": "Present if this is the answer to an earlier request with the same `Idempotency-Key`.",
}


def takes_keys(route: APIRoute) -> bool:
    """Whether the operation minds `Idempotency-Key`: a POST that changes something for a caller who is known.

    Not one that sets cookies: its answer is for one browser, once. Nor one that changes how somebody logs in: codes and
    seeds are shown once, and kept as digests.
    """
    is_post = route.methods == {"POST"}
    is_about_log_in = LOG_IN_TAG in route.tags and route.status_code != HTTPStatus.CREATED
    return is_post and knows_caller(route) and has_transaction(route) and not (sets_cookies(route) or is_about_log_in)


def wrap(route: APIRoute, handle: Handler) -> Handler:
    """Look for an earlier answer when the operation's transaction begins, and keep a new one before it commits."""
    if not takes_keys(route):
        return handle

    async def handle_once(request: Request) -> Response:
        key = request.headers.get(HEADER)
        if key is None:
            return await handle(request)
        attempt = _Attempt(request, key)
        request.state.at_begin = attempt.begin
        try:
            response = await handle(request)
        except _AnsweredBefore as before:
            return before.response
        await attempt.keep(response)
        return response

    return handle_once


def describe(operation: dict[str, Any]) -> None:
    """Add to an operation of the OpenAPI document that it takes keys, and what comes of that."""
    operation.setdefault("parameters", []).append(_PARAMETER)
    for status, response in operation["responses"].items():
        if status.startswith("2"):
            response.setdefault("headers", {})[REPLAYED] = _REPLAYED_HEADER
    more = problems(IdempotencyKeyInvalid, IdempotencyKeyInUse, IdempotencyKeyReused)
    add_responses(operation["responses"], {str(status): response for status, response in more.items()})


class _AnsweredBefore(Exception):
    """Not an error: it ends the transaction that has nothing left to do."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


class _Attempt:
    """One request with a key, and the transaction that it is worked on in."""

    def __init__(self, request: Request, key: str) -> None:
        self._request = request
        self._key = key

    async def begin(self, session: AsyncSession) -> None:
        """Raise _AnsweredBefore if there is an answer already.

        The caller is known by now and may do this: a signature asks for the permission before the transaction.
        """
        self._session = session
        self._keyring = await keyring(self._request)
        self._keyed = await self._name(await current_principal(self._request))
        answer = await keys.find_answer(session, self._keyring, self._keyed)
        if answer is not None:
            raise _AnsweredBefore(Response(answer.body, answer.status, answer.headers | {REPLAYED: "true"}))

    async def keep(self, response: Response) -> None:
        """Keep a success. What was refused can be sent again under the same key."""
        if response.status_code >= HTTPStatus.MULTIPLE_CHOICES:
            return
        headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
        answer = keys.Answer(response.status_code, headers, bytes(response.body).decode())
        await keys.keep(self._session, self._keyring, self._keyed, answer)

    async def _name(self, principal: Principal) -> keys.KeyedRequest:
        request = self._request
        return keys.KeyedRequest(
            key=self._key,
            owner_id=_owner_of(principal),
            tenant_id=principal.tenant.id if principal.tenant else None,
            mode=principal.mode,
            fingerprint=self._keyring.mac("idempotency", await _content_of(request)),
            at=await now(request),
        )


async def _content_of(request: Request) -> bytes:
    """What makes a request another one."""
    version = request.headers.get(versions.HEADER, "")
    return orjson.dumps([request.method, request.url.path, request.url.query, version]) + await request.body()


def _owner_of(principal: Principal) -> UUID:
    """Whose keys these are: a token's, a user's, and of somebody in a user's place that masquerade's alone."""
    if principal.token_id is not None:
        return principal.token_id
    return principal.user_id if principal.actor is None else principal.in_session()
