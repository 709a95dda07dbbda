"""How a business, or the platform, shows itself: by its name and its colour."""

import re
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.public import TenantRow

PLATFORM_NAME = "Smooth Schedule"

_COLOR = "#3358d4"
_HEX = re.compile(r"#[0-9a-fA-F]{6}")
_LIGHT = 0.179  # the luminance at which black and white are read equally well (WCAG 2: contrast)


@dataclass(frozen=True, slots=True)
class Brand:
    """What a mail or a page bears, and the language and zone it speaks in where nobody says otherwise."""

    name: str = PLATFORM_NAME
    color: str = _COLOR
    locale: str = "en"
    timezone: str = "UTC"

    @property
    def on_color(self) -> str:
        """Black or white: what is read better on the colour."""
        red, green, blue = (_linear(int(self.color[at : at + 2], 16) / 255) for at in (1, 3, 5))
        return "#000000" if 0.2126 * red + 0.7152 * green + 0.0722 * blue > _LIGHT else "#ffffff"


def brand(name: str, color: str | None, *, locale: str = "en", timezone: str = "UTC") -> Brand:
    """A business's brand. A colour that is not `#rrggbb` never reaches a style sheet: ours stands in for it."""
    fits = color is not None and _HEX.fullmatch(color)
    return Brand(name, color if color and fits else _COLOR, locale, timezone)


async def brand_of(session: AsyncSession, tenant_id: UUID | None) -> Brand:
    """The brand of this business, or without one the platform's."""
    if tenant_id is None:
        return Brand()
    query = select(TenantRow.name, TenantRow.brand_color, TenantRow.locale, TenantRow.timezone)
    row = (await session.execute(query.where(TenantRow.id == tenant_id))).one()
    return brand(row.name, row.brand_color, locale=row.locale, timezone=row.timezone)


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4  # noqa: PLR2004 — sRGB
