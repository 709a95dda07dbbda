"""A development machine whose application is a stand-in; `test_supervisor.py` runs it as a process of its own.

`machine.py <data_dir>` supervises, `machine.py <data_dir> serve|worker` is the application.
"""

import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from app.development import environment, supervisor


class Ready(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/readyz" else 404)
        self.end_headers()


def summary() -> environment.Summary:
    port = os.environ["PORT"]
    platform = environment.PlatformLogin(f"http://platform.localhost:{port}", "root@platform.example", "one")
    demo = environment.TenantLogin("demo", f"http://demo.localhost:{port}", "owner@demo.example", "two")
    return environment.Summary(platform, (demo,))


def main() -> int:
    data_dir, *subcommand = sys.argv[1:]
    if subcommand == ["serve"]:
        HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Ready).serve_forever()
    if subcommand == ["worker"]:
        if os.environ.get("WORKER_FAILS"):
            sys.exit("the worker's last words")
        signal.pause()
    prepared = Path(data_dir) / "prepared"
    prepare = [("Preparing", lambda: prepared.write_text(os.environ["DATABASE_URL"]))]
    command = (sys.executable, __file__, data_dir)
    return supervisor.run(Path(data_dir), prepare=prepare, summary=summary, command=command)


if __name__ == "__main__":
    sys.exit(main())
