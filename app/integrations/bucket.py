"""Files in a bucket of S3, or of whatever speaks as S3 does. Who may is said by the usual environment of AWS."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from typing import Any
from urllib.parse import quote

import aioboto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from app.errors import Unavailable
from app.integrations.storage import Served, Term, Upload

_ABSENT = {"NoSuchKey", "404"}
_MOST_AT_ONCE = 1000  # that S3 deletes
_PART_BYTES = 1 << 20
_SECONDS_TO_CONNECT = 5
_SECONDS_FOR_AN_ANSWER = 20


class Bucket:
    """Callers upload to the bucket and download from it themselves, by addresses that we sign."""

    def __init__(self, name: str, *, region: str | None, endpoint_url: str | None) -> None:
        self._name = name
        self._region = region
        self._endpoint_url = endpoint_url
        self._stack = AsyncExitStack()
        self._lock = asyncio.Lock()
        self._opened: Any = None

    async def upload(self, key: str, *, size: int, content_type: str, term: Term) -> Upload:
        """See `Storage`. The size and the type are signed: S3 takes nothing else."""
        asked = {"Bucket": self._name, "Key": key, "ContentLength": size, "ContentType": content_type}
        with _failures_as_problems():
            client = await self._client()
            url = await client.generate_presigned_url("put_object", Params=asked, ExpiresIn=term.seconds)
        return Upload("PUT", url, {"Content-Type": content_type, "Content-Length": str(size)}, term.ends_at)

    async def link(self, key: str, served: Served, *, term: Term) -> str:
        """See `Storage`."""
        asked = {
            "Bucket": self._name,
            "Key": key,
            "ResponseContentType": served.content_type,
            "ResponseContentDisposition": disposition(served),
            "ResponseCacheControl": "private, no-store",
        }
        with _failures_as_problems():
            client = await self._client()
            return str(await client.generate_presigned_url("get_object", Params=asked, ExpiresIn=term.seconds))

    async def read(self, key: str, *, most: int) -> bytes | None:
        """See `Storage`."""
        with _failures_as_problems():
            client = await self._client()
            try:
                found = await client.get_object(Bucket=self._name, Key=key)
            except ClientError as error:
                if error.response["Error"]["Code"] in _ABSENT:
                    return None
                raise
            return await _first(found["Body"], most + 1)

    async def write(self, key: str, data: bytes) -> None:
        """See `Storage`."""
        with _failures_as_problems():
            client = await self._client()
            await client.put_object(Bucket=self._name, Key=key, Body=data)

    async def delete(self, keys: Sequence[str]) -> None:
        """See `Storage`."""
        with _failures_as_problems():
            client = await self._client()
            for first in range(0, len(keys), _MOST_AT_ONCE):
                named = [{"Key": key} for key in keys[first : first + _MOST_AT_ONCE]]
                answer = await client.delete_objects(Bucket=self._name, Delete={"Objects": named, "Quiet": True})
                if answer.get("Errors"):
                    raise Unavailable

    async def find(self, prefix: str) -> AsyncIterator[Sequence[str]]:
        """See `Storage`."""
        with _failures_as_problems():
            client = await self._client()
            pages = client.get_paginator("list_objects_v2").paginate(Bucket=self._name, Prefix=prefix)
            async for page in pages:
                yield [each["Key"] for each in page.get("Contents", ())]

    async def close(self) -> None:
        """See `Storage`."""
        await self._stack.aclose()
        self._opened = None

    async def _client(self) -> Any:
        async with self._lock:
            if self._opened is None:
                config = Config(
                    signature_version="s3v4",
                    s3={"addressing_style": "path" if self._endpoint_url else "virtual"},
                    connect_timeout=_SECONDS_TO_CONNECT,
                    read_timeout=_SECONDS_FOR_AN_ANSWER,
                    retries={"total_max_attempts": 3},
                    request_checksum_calculation="when_required",  # not all that speaks as S3 does knows the others
                    response_checksum_validation="when_required",
                )
                client = aioboto3.Session().client(
                    "s3", region_name=self._region, endpoint_url=self._endpoint_url, config=config
                )
                self._opened = await self._stack.enter_async_context(client)
        return self._opened


async def _first(body: Any, most: int) -> bytes:
    """So many bytes of an answer at most. The connection is given up if there are more."""
    read = bytearray()
    try:
        async for part in body.iter_chunks(_PART_BYTES):
            read += part
            if len(read) >= most:
                break
    finally:
        body.close()
    return bytes(read[:most])


def disposition(served: Served) -> str:
    """The header Content-Disposition (RFC 6266): the name as it is, and in ASCII for whoever knows no better."""
    kind = "inline" if served.is_inline else "attachment"
    plain = "".join(sign if " " <= sign <= "~" and sign not in '"\\%' else "_" for sign in served.file_name)
    exact = quote(served.file_name, safe="")
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{exact}"


@contextmanager
def _failures_as_problems() -> Iterator[None]:
    try:
        yield
    except (BotoCoreError, ClientError, OSError, TimeoutError) as error:
        raise Unavailable from error
