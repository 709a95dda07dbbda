"""`smoothschedule serve`."""

import socket
from contextlib import closing
from typing import Annotated, Any

import typer
import uvicorn

from app.audit.logfiles import LogFiles
from app.core import logs
from app.settings import LogFormat, get_settings

GRACE_SECONDS = 10

app = typer.Typer(add_completion=False)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="The address to listen at.")] = "127.0.0.1",
    port: Annotated[int | None, typer.Option(help="The port; PORT of the settings, if left out.")] = None,
) -> None:
    """Serve the API, until Ctrl-C or SIGTERM; requests under way are finished first."""
    settings = get_settings()
    logs.configure(as_json=settings.logs_as is LogFormat.JSON)
    with closing(LogFiles.of(settings)) as files:
        files.open()  # what stands against it is told here, and not in the traceback of a failed start
    config = uvicorn.Config(
        "app.main:create_app",
        factory=True,
        host=host,
        port=settings.port if port is None else port,
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,  # TRUSTED_PROXIES has its own middleware
        ws_max_size=64 * 1024,  # nobody has much to say there
        ws_per_message_deflate=False,  # it would cost each socket more memory than all the rest of it
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    server = _Server(config)
    server.run()
    if not server.started:
        raise typer.Exit(code=1)


class _Server(uvicorn.Server):
    """Sends those at sockets elsewhere before it closes connections."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End in an orderly way."""
        application: Any = self.config.loaded_app
        await application.state.runtime.hub.close()
        await super().shutdown(sockets)
