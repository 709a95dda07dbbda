"""Files that are there, for the tests that need one of everything."""

from typing import Any

from fastapi import FastAPI

from tests.actors import Business
from tests.media.conftest import Files


def announcement(name: str = "prices.csv") -> dict[str, Any]:
    """What to say of a file that is to come."""
    return {"purpose": "attachment", "file_name": name, "content_type": "text/csv", "size": 18}


async def logo_of(app: FastAPI, business: Business) -> str:
    """The id of a logo that the business is known by from now on."""
    file = await Files(app, business).ready(purpose="logo")
    answer = await business.owner.put("/api/v1/business/logo", json={"media_id": file["id"]})
    assert answer.status_code == 200, answer.text
    return str(file["id"])
