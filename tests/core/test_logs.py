"""Log lines name their request, and hold nothing of what is in a row."""

import logging

import orjson
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.core.logs import REQUEST_ID, configure, formatter
from app.db.engine import make_engine
from app.db.session import Database
from app.settings import Settings

SECRET = "first line\nDETAIL of a secret\nlast line"


def record_of(error: BaseException | None = None, *arguments: object, message: str = "it failed") -> logging.LogRecord:
    info = (type(error), error, error.__traceback__) if error else None
    return logging.LogRecord("app.somewhere", logging.ERROR, __file__, 1, message, arguments, info)


@pytest.fixture
async def refusal(settings: Settings) -> IntegrityError:
    """An error of PostgreSQL's that quotes a value of several lines."""
    database = Database(make_engine(settings.database_url, pool_size=1))
    try:
        with pytest.raises(IntegrityError) as caught:
            async with database.transaction() as session:
                await session.execute(text("CREATE TEMPORARY TABLE once (word text PRIMARY KEY) ON COMMIT DROP"))
                for _ in range(2):
                    await session.execute(text("INSERT INTO pg_temp.once VALUES (:word)"), {"word": SECRET})
    finally:
        await database.close()
    return caught.value


class TestFormatter:
    def test_a_json_line_has_its_parts(self) -> None:
        REQUEST_ID.set("a-request")
        line = orjson.loads(formatter(as_json=True).format(record_of(None, "x", message="%s failed")))
        REQUEST_ID.set(None)
        assert line.pop("timestamp")
        assert line == {"level": "ERROR", "logger": "app.somewhere", "message": "x failed", "request_id": "a-request"}

    def test_a_line_of_text_has_them_too(self) -> None:
        REQUEST_ID.set("a-request")
        line = formatter(as_json=False).format(record_of())
        REQUEST_ID.set(None)
        assert line.endswith("ERROR app.somewhere [a-request] it failed")

    @pytest.mark.parametrize("as_json", [True, False])
    def test_a_traceback_holds_no_value(self, refusal: IntegrityError, as_json: bool) -> None:
        several = ExceptionGroup("several", [refusal])
        with pytest.raises(RuntimeError) as caught:
            raise RuntimeError("on top of it") from several
        line = formatter(as_json=as_json).format(record_of(caught.value))
        assert "duplicate key" in line
        assert "Traceback" in line
        assert "DETAIL:  withheld" in line
        assert not [each for each in SECRET.splitlines() if each in line]

    @pytest.mark.parametrize("as_json", [True, False])
    def test_a_message_holds_no_value(self, refusal: IntegrityError, as_json: bool) -> None:
        line = formatter(as_json=as_json).format(record_of(None, refusal, message="refused: %s"))
        assert "duplicate key" in line
        assert not [each for each in SECRET.splitlines() if each in line]

    def test_a_detail_that_was_written_as_text_is_withheld(self) -> None:
        line = formatter(as_json=False).format(record_of(message="DETAIL:  Key (email)=(ada@lovelace.example)"))
        assert "ada" not in line

    def test_the_record_stays_as_it_is(self, refusal: IntegrityError) -> None:
        record = record_of(refusal, 1, message="%d failed")
        formatter(as_json=True).format(record)
        assert (record.msg, record.args, record.exc_text) == ("%d failed", (1,), None)
        assert record.exc_info is not None


class TestConfigure:
    def test_everything_goes_to_standard_error(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        root = logging.getLogger()
        kept, level = root.handlers[:], root.level
        monkeypatch.setattr(root, "handlers", [])
        try:
            configure(as_json=True)
            logging.getLogger("app.somewhere").info("said")
            logging.getLogger("sqlalchemy.engine").info("not said")
        finally:
            root.handlers = kept
            root.setLevel(level)
        out, err = capsys.readouterr()
        assert out == ""
        assert [orjson.loads(line)["message"] for line in err.splitlines()] == ["said"]
