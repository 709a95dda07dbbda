"""The reference's examples, run as they are shown against a running service."""

import asyncio
import json
from typing import Any

import pytest
from fastapi import FastAPI

from app.routers.reference import Operation, reference_of
from app.routers.samples import CURL, PYTHON, samples_of

# What can be called as shown, without an id that somebody has to have looked up before.
RUN = {"listServices": "GET", "createCustomer": "POST", "createWebhookEndpoint": "POST", "getHost": "GET"}


@pytest.fixture
def operations(app: FastAPI) -> list[Operation]:
    reference = reference_of(app.openapi(), for_platform=True)
    found = [operation for section in reference.sections for operation in section.operations]
    return [operation for operation in found if operation.id in RUN]


async def output_of(*command: str, environment: dict[str, str]) -> str:
    process = await asyncio.create_subprocess_exec(
        *command, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
    return output.decode()


class TestSamples:
    async def test_do_what_they_show(self, operations: list[Operation], environment: dict[str, str]) -> None:
        assert {operation.id: operation.method for operation in operations} == RUN
        origin, token = environment["API"].removesuffix("/api/v1"), environment["TOKEN"]
        for operation in operations:
            samples = samples_of(operation.call, origin, token)
            status, _, body = (await output_of("python", "-c", samples[PYTHON], environment=environment)).partition(" ")
            assert int(status) == int(operation.success[0].status), body
            curl = samples[CURL].replace("curl ", "curl -s ", 1)
            assert fields(await output_of("/bin/bash", "-c", curl, environment=environment)) == fields(body)


def fields(body: str) -> set[str]:
    answer: dict[str, Any] = json.loads(body)
    assert "code" not in answer, answer
    return set(answer)
