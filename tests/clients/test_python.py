"""A typed Python client, generated from the OpenAPI document, books an appointment."""

import shutil
import sys
from pathlib import Path

from tests.actors import Business
from tests.clients.running import run
from tests.docs.markdown import ROOT

PROGRAM = ROOT / "tests" / "clients" / "python" / "book.py"
GENERATOR = Path(sys.executable).parent / "openapi-python-client"


class TestPythonClient:
    async def test_books_an_appointment(
        self, document: Path, shop: Business, environment: dict[str, str], tmp_path: Path
    ) -> None:
        config = tmp_path / "config.yml"
        pictures = (
            "content_type_overrides: {image/jpeg: application/octet-stream, image/png: application/octet-stream}\n"
        )
        config.write_text(f"post_hooks: []\n{pictures}")  # the hooks would make the code prettier
        asked = ("--path", document, "--config", config, "--output-path", tmp_path / "smooth_client", "--meta", "none")
        said = await run(GENERATOR, "generate", "--fail-on-warning", *asked, cwd=tmp_path)
        assert "warning" not in said.lower()
        shutil.copy(PROGRAM, tmp_path)
        booked = (await run(sys.executable, PROGRAM.name, cwd=tmp_path, environment=environment)).strip()
        answer = await shop.owner.get(f"/api/v1/appointments/{booked}")
        assert answer.json()["status"] == "confirmed"
