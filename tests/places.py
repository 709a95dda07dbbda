"""Files that know the places of addresses, made for a test."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmdb_writer import MMDBWriter
from netaddr import IPSet  # type: ignore[import-untyped] # it comes without types


def write_places(path: Path, records: Mapping[str, Any], *, ip_version: int = 4) -> Path:
    """A MaxMind DB file with these records by network."""
    writer = MMDBWriter(ip_version=ip_version)
    for network, record in records.items():
        writer.insert_network(IPSet([network]), record)
    writer.to_db_file(str(path))
    return path
