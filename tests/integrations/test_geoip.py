from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from maxminddb import InvalidDatabaseError

from app.integrations.geoip import Places
from tests.places import write_places


@pytest.fixture
def places(tmp_path: Path) -> Iterator[Places]:
    """A file of IPv4 networks, some of them with strange records."""
    records: dict[str, Any] = {
        "198.51.100.0/25": {"city": {"names": {"en": "Berlin"}}, "country": {"names": {"en": "Germany"}}},
        "198.51.100.128/25": {"country": {"names": {"en": "Germany"}}},
        "203.0.113.0/26": {"city": {"names": {"ja": "京都"}}, "country": {"iso_code": "JP"}},
        "203.0.113.64/26": {"city": "Kyoto", "country": {"names": {"en": 7}}},
        "203.0.113.128/26": "Kyoto",
    }
    opened = Places(write_places(tmp_path / "places.mmdb", records))
    yield opened
    opened.close()


class TestPlaceOf:
    @pytest.mark.parametrize(
        ("address", "place"),
        [
            ("198.51.100.1", "Berlin, Germany"),
            ("198.51.100.129", "Germany"),
            ("203.0.113.1", None),
            ("203.0.113.65", None),
            ("203.0.113.129", None),
            ("192.0.2.1", None),
            ("2001:db8::1", None),
            ("testclient", None),
            ("", None),
            (None, None),
        ],
    )
    def test_names_as_much_as_is_known(self, places: Places, address: str | None, place: str | None) -> None:
        assert places.place_of(address) == place

    def test_without_a_file_there_are_none(self) -> None:
        places = Places(None)
        assert places.place_of("198.51.100.1") is None
        places.close()

    def test_a_file_that_is_none_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "places.mmdb"
        path.write_bytes(b"nothing of the kind")
        with pytest.raises(InvalidDatabaseError):
            Places(path)
