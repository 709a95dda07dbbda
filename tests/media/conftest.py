"""A business that takes files, with each of the stores: the folder, and a bucket behind a server that speaks as S3."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from moto.server import ThreadedMotoServer
from sqlalchemy import select, update

from app.core.clock import utcnow
from app.integrations.storage import Storage
from app.main import create_app
from app.media import cleaning
from app.media.shelf import prefix_of
from app.models.tenant import MediaFileRow
from app.settings import Settings
from app.tenancy.mode import Mode
from app.tenancy.tenant import Tenant, TenantSchema
from tests.actors import Business
from tests.conftest import Caller as ClientOf
from tests.media.samples import picture

MEDIA = "/api/v1/media"
BUCKET = "smooth-files"


@dataclass(frozen=True)
class Files:
    """The files of a business, in one of the stores."""

    app: FastAPI
    business: Business

    @property
    def storage(self) -> Storage:
        storage: Storage = self.app.state.storage
        return storage

    @property
    def owner(self) -> httpx.AsyncClient:
        return self.here(self.business.owner)

    @property
    def in_sandbox(self) -> httpx.AsyncClient:
        client = self.owner
        client.cookies.set("sandbox_mode", "true", domain="")
        return client

    def here(self, client: httpx.AsyncClient) -> httpx.AsyncClient:
        """Whoever that is, as a client of the application that has this store."""
        token = client.headers.get("Authorization", "").removeprefix("Bearer ")
        return self.business.at(self.business.host, token or None, app=self.app)

    async def announce(
        self,
        data: bytes,
        content_type: str = "image/png",
        *,
        client: httpx.AsyncClient | None = None,
        **changes: Any,
    ) -> httpx.Response:
        body = {"purpose": "attachment", "file_name": "file", "content_type": content_type, "size": len(data)}
        return await (client or self.owner).post(MEDIA, json=body | changes)

    async def announced(self, data: bytes, content_type: str = "image/png", **more: Any) -> dict[str, Any]:
        answer = await self.announce(data, content_type, **more)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def put(self, file: dict[str, Any], data: bytes) -> httpx.Response:
        """Upload it as whoever has nothing but what the answer says."""
        upload = file["upload"]
        async with self.of(upload["url"]) as client:
            return await client.request(upload["method"], upload["url"], headers=upload["headers"], content=data)

    async def get(self, link: dict[str, Any], **headers: str) -> httpx.Response:
        """Download it likewise."""
        async with self.of(link["url"]) as client:
            return await client.get(link["url"], headers=headers)

    def of(self, url: str) -> httpx.AsyncClient:
        """A client that gets to this address."""
        host = httpx.URL(url).host
        if host == "127.0.0.1":
            return httpx.AsyncClient()
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.app))

    async def complete(self, file: dict[str, Any], client: httpx.AsyncClient | None = None) -> httpx.Response:
        return await (client or self.owner).post(f"{MEDIA}/{file['id']}/complete")

    async def uploaded(self, data: bytes, content_type: str = "image/png", **more: Any) -> dict[str, Any]:
        """A file that is there and has not been completed."""
        file = await self.announced(data, content_type, **more)
        answer = await self.put(file, data)
        assert answer.status_code == 200, answer.text
        return file

    async def sent(self, data: bytes, content_type: str = "image/png", **more: Any) -> httpx.Response:
        """The answer to the completion of an upload."""
        return await self.complete(await self.uploaded(data, content_type, **more), more.get("client"))

    async def ready(self, data: bytes | None = None, content_type: str = "image/png", **more: Any) -> dict[str, Any]:
        answer = await self.sent(picture() if data is None else data, content_type, **more)
        assert answer.status_code == 200, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def read(self, file: dict[str, Any], client: httpx.AsyncClient | None = None) -> httpx.Response:
        return await (client or self.owner).get(f"{MEDIA}/{file['id']}")

    async def tenant(self) -> Tenant:
        tenant: Tenant = await self.app.state.hosts.require(UUID(self.business.id), now=utcnow())
        return tenant

    async def schema(self, mode: Mode = Mode.LIVE) -> TenantSchema:
        return (await self.tenant()).schema(mode)

    async def keys(self, mode: Mode = Mode.LIVE) -> list[str]:
        """What lies in the store."""
        found = [keys async for keys in self.storage.find(prefix_of(UUID(self.business.id), mode))]
        return sorted(key for keys in found for key in keys)

    async def row(self, file: dict[str, Any], mode: Mode = Mode.LIVE) -> MediaFileRow | None:
        async with self.app.state.database.transaction(await self.schema(mode)) as session:
            query = select(MediaFileRow).where(MediaFileRow.id == UUID(file["id"]))
            found: MediaFileRow | None = (await session.scalars(query)).one_or_none()
            return found

    async def change(self, file: dict[str, Any], **values: Any) -> None:
        async with self.app.state.database.transaction(await self.schema()) as session:
            row = MediaFileRow
            await session.execute(update(row).where(row.id == UUID(file["id"])).values(**values))

    async def clean(self, *, now: datetime, mode: Mode = Mode.LIVE) -> int:
        """What the worker does about files that are due at that instant."""
        return await cleaning.clean(self.app.state.database, self.storage, await self.schema(mode), now=now)


@pytest.fixture(scope="session")
def bucket_url() -> Iterator[str]:
    """A server that speaks as S3 does, with an empty bucket."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    httpx.put(f"{url}/{BUCKET}").raise_for_status()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ACCESS_KEY_ID", "AKIATESTS")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "only the tests know of it")
        yield url
    server.stop()


@pytest.fixture(scope="session")
async def bucket_app(settings: Settings, bucket_url: str) -> AsyncIterator[FastAPI]:
    """The application with its files in a bucket. It shares the database with the other one."""
    more = {"media_bucket": BUCKET, "media_region": "eu-central-1", "media_endpoint_url": bucket_url}
    application = create_app(settings.model_copy(update=more))
    async with application.router.lifespan_context(application):
        yield application


@pytest.fixture(params=["folder", "bucket"])
def kept_by(request: pytest.FixtureRequest, app: FastAPI, bucket_app: FastAPI) -> FastAPI:
    """The application with either store."""
    return app if request.param == "folder" else bucket_app


@pytest.fixture
def files(kept_by: FastAPI, business: Business) -> Files:
    return Files(kept_by, business)


@pytest.fixture
def folder_files(app: FastAPI, business: Business) -> Files:
    """Those of the local twin alone."""
    return Files(app, business)


@pytest.fixture
def bucket_files(bucket_app: FastAPI, business: Business) -> Files:
    return Files(bucket_app, business)


@pytest.fixture
def client_of(at: ClientOf) -> ClientOf:
    return at
