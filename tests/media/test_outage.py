"""A bucket that is out of reach."""

import socket
from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI

from app.core.clock import utcnow
from app.errors import Unavailable
from app.main import create_app
from app.settings import Settings
from tests.actors import Business
from tests.media import samples
from tests.media.conftest import BUCKET, MEDIA, Files


@pytest.fixture
async def stranded(settings: Settings, bucket_app: FastAPI, business: Business) -> AsyncIterator[Files]:
    """Files in a bucket where nobody answers."""
    del bucket_app  # which says who we are
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    more = {"media_bucket": BUCKET, "media_region": "eu-central-1", "media_endpoint_url": f"http://127.0.0.1:{port}"}
    application = create_app(settings.model_copy(update=more))
    async with application.router.lifespan_context(application):
        yield Files(application, business)


class TestOutage:
    async def test_is_said_and_passes(self, stranded: Files, bucket_files: Files) -> None:
        file = await stranded.announced(samples.PDF, "application/pdf")
        answer = await stranded.complete(file)
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert (await stranded.read(file)).json()["status"] == "pending"
        again = await bucket_files.uploaded(samples.PDF, "application/pdf")
        assert (await bucket_files.complete(again)).status_code == 200

    async def test_leaves_what_is_to_be_removed_for_later(self, stranded: Files, bucket_files: Files) -> None:
        file = await bucket_files.ready()
        await bucket_files.owner.delete(f"{MEDIA}/{file['id']}")
        now = utcnow()
        with pytest.raises(Unavailable):
            await stranded.clean(now=now)
        assert len(await bucket_files.keys()) == 2
        assert await bucket_files.clean(now=now) == 1
        assert await bucket_files.keys() == []
