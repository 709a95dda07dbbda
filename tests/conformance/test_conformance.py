"""The service against its own OpenAPI document, by schemathesis: every operation, every check."""

import asyncio
import json
import os
import re
import sys
from collections.abc import AsyncIterator
from functools import partial
from ipaddress import IPv4Network
from pathlib import Path
from uuid import UUID

import pytest

from app.auth.passwords import hash_password
from app.auth.roles import Role
from app.settings import Settings
from app.tenancy.migrations import migrate_public
from tests.actors import PASSWORD, Business
from tests.browser.site import Site, serving
from tests.conformance import excuses
from tests.conformance.desk import Desk, opened
from tests.conformance.stock import Words, stock
from tests.conftest import Caller, found_platform
from tests.docs.markdown import ROOT

CONFIG = ROOT / "tests" / "conformance" / "schemathesis.toml"
PAGE = ROOT / "docs" / "conformance.md"
OF_THE_PLATFORM = "^Platform: "
"""The tags of the operations that only the platform's host has."""


@pytest.fixture
async def site(settings: Settings, fresh_database: str) -> AsyncIterator[Site]:
    """The service at a port, on a database of its own: no test could live with what happens to it here.

    Callers say from which address they come, and are believed.
    """
    await migrate_public(fresh_database)
    changes = {"database_url": fresh_database, "trusted_proxies": [IPv4Network("127.0.0.1/32")]}
    async with serving(settings.model_copy(update=changes)) as served:
        yield served


@pytest.fixture
async def business(site: Site, at: Caller) -> Business:
    """The one business that there is."""
    return await (await found_platform(site.app, partial(at, app=site.app))).sign_up()


def config_with(words: Words) -> str:
    """The configuration, with words that requests are to try."""
    examples = int(os.environ.get("CONFORMANCE_EXAMPLES", "2"))
    lines = [CONFIG.read_text()]
    lines.append(f"max-examples = {examples}")  # of its last section, [generation]
    lines.append(f"[phases.stateful.generation]\nmax-examples = {5 * examples}")
    lines += [f'[dictionaries."{name}"]\nvalues = {json.dumps(values)}' for name, values in words.items()]
    lines.append("[parameters]")
    lines += [f'"{name}" = {{ dictionary = "{name}", probability = 0.8 }}' for name in words]
    return "\n".join(lines)


async def complaints(site: Site, host: str, desk: Desk, config: Path, *choice: str) -> str:
    """What schemathesis has to say against these operations at this host, called by the desk's people."""
    async with opened(desk) as port:
        running = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", config),
            *("run", f"http://127.0.0.1:{site.port}/openapi.json", "--header", f"Host: {host}", *choice),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            cwd=config.parent,
            env=os.environ
            | {
                "PYTHONPATH": str(ROOT),
                "SCHEMATHESIS_HOOKS": "tests.conformance.hooks",
                "CONFORMANCE_DESK": str(port),
                "CONFORMANCE_SHARE": os.environ.get("CONFORMANCE_SHARE", "16"),
            },
        )
        output, _ = await running.communicate()
    return "" if running.returncode == 0 else output.decode()


class TestConformance:
    async def test_a_business_does_what_its_document_says(self, site: Site, business: Business, tmp_path: Path) -> None:
        config = tmp_path / CONFIG.name
        config.write_text(config_with(await stock(site.app, business)))
        owners = Desk(site.app, Role.TENANT_OWNER, UUID(business.id), await hash_password(PASSWORD))
        found = await complaints(site, business.host, owners, config, "--exclude-tag-regex", OF_THE_PLATFORM)
        assert not found, found

    async def test_the_platform_does_what_its_document_says(
        self, site: Site, business: Business, tmp_path: Path
    ) -> None:
        config = tmp_path / CONFIG.name
        asked = {"subject": "Bookings vanish", "body": "Since this morning."}
        ids = [(await business.make("/platform-tickets", asked))["id"] for _ in range(5)]
        config.write_text(config_with({"path.tenant_id": [business.id], "path.platform_ticket_id": ids}))
        superusers = Desk(site.app, Role.SUPERUSER, None, await hash_password(PASSWORD))
        found = await complaints(site, "platform.localhost", superusers, config, "--include-tag-regex", OF_THE_PLATFORM)
        assert not found, found


class TestExcuses:
    @pytest.mark.parametrize(("kind", "excused"), [("problem", excuses.PROBLEMS), ("error", excuses.FIELDS)])
    def test_each_has_its_reason_in_the_documents(self, kind: str, excused: set[str]) -> None:
        _, _, table = PAGE.read_text().partition(f"| {kind} | why no schema says it |\n|---|---|\n")
        rows, _, _ = table.partition("\n\n")
        assert re.findall(r"^\| `([a-z-]+)` \| \S", rows, re.MULTILINE) == sorted(excused)
