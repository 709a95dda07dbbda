"""A webhook consumer in a process of its own: `python -m bench.receiver` prints its port, and serves until killed.

`/ok/…` takes what is posted there. The bad ones are `/hangs/…`, `/fails/…` (500), `/drips/…` (a byte now and then) and
`/endless/…` (a body that does not end). `GET /count` says how many `/ok/…` has taken, `GET /take` gives and forgets
them: pairs of `webhook-id` and the nanosecond of its arrival.
"""

import asyncio
import time

import orjson
import uvloop
from aiohttp import web

DRIP_SECONDS = 1.0
_taken: list[tuple[str, int]] = []


async def ok(request: web.Request) -> web.Response:
    """Take it."""
    await request.read()
    _taken.append((request.headers["webhook-id"], time.time_ns()))
    return web.Response(status=204)


async def hang(request: web.Request) -> web.Response:
    """Say nothing until the caller gives up."""
    await request.read()
    await asyncio.Event().wait()
    raise AssertionError


async def fail(request: web.Request) -> web.Response:
    """Answer 500."""
    await request.read()
    return web.Response(status=500)


async def drip(request: web.Request) -> web.StreamResponse:
    """Answer 200, and send a byte of the body now and then."""
    return await _send(request, b".", DRIP_SECONDS)


async def flood(request: web.Request) -> web.StreamResponse:
    """Answer 200, and send a body without an end."""
    return await _send(request, bytes(65536), 0)


async def _send(request: web.Request, chunk: bytes, pause: float) -> web.StreamResponse:
    await request.read()
    answer = web.StreamResponse()
    await answer.prepare(request)
    while True:
        await answer.write(chunk)
        await asyncio.sleep(pause)


async def count(_request: web.Request) -> web.Response:
    """How many were taken."""
    return web.Response(text=str(len(_taken)))


async def take(_request: web.Request) -> web.Response:
    """All that were taken since the last time."""
    body = orjson.dumps(_taken)
    _taken.clear()
    return web.Response(body=body)


async def main() -> None:
    """Serve."""
    app = web.Application()
    for name, handler in (("ok", ok), ("hangs", hang), ("fails", fail), ("drips", drip), ("endless", flood)):
        app.router.add_post(f"/{name}/{{path:.*}}", handler)
    app.router.add_get("/count", count)
    app.router.add_get("/take", take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main())
