"""The scripts and the fields of our own pages."""

import re
from pathlib import Path

import pytest

from app.mail.links import AccountPage
from tests.actors import Platform
from tests.docs.markdown import ROOT

SCRIPTS = sorted((ROOT / "app").rglob("*.js"))
_MERGES = re.compile(r"Object\.assign|__proto__|\bprototype\b|\bconstructor\b|structuredClone|for \(const \w+ in ")
_FIELD = re.compile(r"<input[^>]*>")


class TestScripts:
    def test_are_found(self) -> None:
        assert {"account.js", "passkey.js"} <= {path.name for path in SCRIPTS}

    @pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
    def test_merge_no_object_into_another(self, path: Path) -> None:
        script = path.read_text()
        assert script.startswith('"use strict";')
        assert not _MERGES.search(script)

    @pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
    def test_leave_pasting_alone(self, path: Path) -> None:
        assert not re.search(r"paste|keydown|keypress|contextmenu", path.read_text())


class TestPasswordFields:
    async def test_say_what_they_are_to_password_managers(self, platform: Platform) -> None:
        pages = [f"/account/{page}" for page in AccountPage] + ["/admin/login"]
        texts = [(await platform.anonymous.get(page)).text for page in pages]
        fields = [field for text in texts for field in _FIELD.findall(text) if 'type="password"' in field]
        assert len(fields) >= 3
        assert all(re.search(r'autocomplete="(?:new|current)-password"', field) for field in fields)
