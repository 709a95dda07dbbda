"""Answers packed for whoever takes them packed (gzip): all but the short, the packed already, and those with secrets.

What is packed becomes shorter where it repeats itself. Who can put words of their own next to a secret, and watch how
long the answer is, guesses it letter by letter (BREACH). docs/decisions has the reasons.
"""

from starlette.datastructures import MutableHeaders
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.integrations.folder import DOWNLOADS

BEARING_SECRETS = (
    "/admin",
    "/api/v1/batch",
    "/api/v1/auth",
    "/api/v1/invitations/accept",
    "/api/v1/masquerade",
    "/api/v1/me",
    "/api/v1/tokens",
    "/api/v1/webhook-endpoints",
)
"""Where answers hold passwords, tokens, keys or codes, or forms with a token against forged ones."""

FILES = f"{DOWNLOADS}/"
"""Files go out as they are, in parts too: most are packed in themselves."""

_MINIMUM_BYTES = 1024
_LEVEL = 3  # the last before each byte saved costs much more: docs/decisions has the figures
_WITH_SECRETS = ("application/json", "application/problem+json", "text/html")


class CompressionMiddleware:
    """Packs answers. Their entity tags become weak, as they no longer stand for the very bytes."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._packing = GZipMiddleware(app, _MINIMUM_BYTES, _LEVEL)
        self._sparing = GZipMiddleware(
            app, _MINIMUM_BYTES, _LEVEL, exclude_content_types=(*DEFAULT_EXCLUDED_CONTENT_TYPES, *_WITH_SECRETS)
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(FILES):
            await self._app(scope, receive, send)
            return
        is_secret = scope["type"] == "http" and scope["path"].startswith(BEARING_SECRETS)
        packing = self._sparing if is_secret else self._packing

        async def send_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                _weaken(MutableHeaders(scope=message))
            await send(message)

        await packing(scope, receive, send_on)


def _weaken(headers: MutableHeaders) -> None:
    etag = headers.get("etag", "")
    if etag.startswith('"') and "content-encoding" in headers:
        headers["etag"] = f"W/{etag}"
