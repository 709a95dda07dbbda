"""Several processes write the same log files, and what is full is put aside."""

import logging
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from app.audit.logfiles import FILES, SECURITY, LogFiles, LogsUnwritable

WRITER = """
import sys
from pathlib import Path
from app.audit.logfiles import SECURITY, LogFiles

files = LogFiles(Path(sys.argv[1]), max_bytes=4096, backups=50)
for number in range(300):
    files.write(SECURITY, {"writer": sys.argv[2], "number": number})
files.close()
"""


class TestWrite:
    def test_two_processes_lose_no_line_while_files_are_rotated(self, tmp_path: Path) -> None:
        writers = [subprocess.Popen((sys.executable, "-c", WRITER, str(tmp_path), name)) for name in "ab"]  # noqa: S603 — our own words
        assert [writer.wait(60) for writer in writers] == [0, 0]
        files = [file for file in tmp_path.iterdir() if file.name.startswith(SECURITY)]
        assert len(files) > 2
        lines = [orjson.loads(line) for file in files for line in file.read_bytes().splitlines()]
        assert sorted((line["writer"], line["number"]) for line in lines) == [(w, n) for w in "ab" for n in range(300)]

    def test_keeps_no_more_than_it_should(self, tmp_path: Path) -> None:
        files = LogFiles(tmp_path, max_bytes=1024, backups=2)
        for number in range(200):
            files.write(SECURITY, {"number": number})
        files.close()
        kept = sorted(file.name for file in tmp_path.iterdir() if file.name.startswith(SECURITY))
        assert kept == [SECURITY, f"{SECURITY}.1", f"{SECURITY}.2"]

    def test_others_cannot_read_them(self, tmp_path: Path) -> None:
        files = LogFiles(tmp_path / "new" / "logs", max_bytes=1024, backups=2)
        files.open()
        files.open()
        files.close()
        assert [(tmp_path / "new" / "logs" / name).stat().st_mode & 0o007 for name in FILES] == [0, 0]

    def test_a_line_that_cannot_be_written_is_told(self, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        files = LogFiles(tmp_path / "logs", max_bytes=1024, backups=2)
        files.open()
        (tmp_path / "logs").rename(tmp_path / "gone")
        with caplog.at_level(logging.ERROR):
            files.write(SECURITY, {"number": 1})
        files.close()
        assert "could not be written" in caplog.text


class TestOpen:
    @pytest.mark.parametrize("place", ["file", "file/logs"])
    def test_says_what_to_do_where_it_cannot_write(self, tmp_path: Path, place: str) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(LogsUnwritable, match=r"LOG_DIR"):
            LogFiles(tmp_path / place, max_bytes=1024, backups=1).open()

    def test_a_directory_where_a_file_belongs_is_named(self, tmp_path: Path) -> None:
        (tmp_path / SECURITY).mkdir()
        with pytest.raises(LogsUnwritable, match=SECURITY):
            LogFiles(tmp_path, max_bytes=1024, backups=1).open()
