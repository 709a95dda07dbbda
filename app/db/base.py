"""The two families of tables, and the column types that both use."""

from datetime import date, datetime, time
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Date, DateTime, Integer, MetaData, Text, Time, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase

NAMES = {
    "pk": "%(table_name)s_pkey",
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "ck": "%(table_name)s_%(constraint_name)s_check",
    "ix": "%(table_name)s_%(column_0_N_name)s_idx",
}

_TYPES: dict[Any, Any] = {
    str: Text(),
    int: Integer(),
    UUID: Uuid(),
    datetime: DateTime(timezone=True),
    date: Date(),
    time: Time(),
    dict[str, Any]: JSONB(),
    list[str]: ARRAY(Text()),
    list[UUID]: ARRAY(Uuid()),
    list[date]: ARRAY(Date()),
    list[dict[str, Any]]: JSONB(),
}


class PublicBase(DeclarativeBase):
    """A table that all tenants share: it says its schema in every statement."""

    metadata = MetaData(schema="public", naming_convention=NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = _TYPES


class TenantBase(DeclarativeBase):
    """A table that every tenant schema has: which one is meant is the transaction's search_path alone."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = _TYPES
