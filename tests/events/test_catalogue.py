import asyncio
from itertools import pairwise
from typing import Any
from uuid import UUID

import jsonschema
import orjson
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from app.core.clock import utcnow
from app.core.ids import uuid7
from app.events.catalogue import EventType
from app.events.outbox import Event, message_of, payload_of
from app.models.tenant import EventRow
from app.scheduling.availability import MAX_REQUIREMENTS
from app.scheduling.schemas.services import ServiceRead
from app.tenancy.mode import Mode
from app.webhooks import event_types
from tests.actors import Business
from tests.events.causes import CAUSES, SILENT
from tests.events.stage import TIME, Cause, Stage
from tests.mailbox import Mailbox
from tests.round_trips import statements
from tests.scheduling.salon import Salon

MOST_BYTES = 64 * 1024
SHOWN_AT = {
    "appointment": "/appointments",
    "waitlist": "/waitlist",
    "session": "/class-sessions",
    "ticket": "/tickets",
    "domain": "/domains",
    "customer": "/customers",
    "service": "/services",
    "resource": "/resources",
    "token": "/tokens",
    "webhook": "/webhook-endpoints",
}


@pytest.fixture
async def stage(app: FastAPI, business: Business, mailbox: Mailbox) -> Stage:
    return Stage(app, business, await Salon.open(business), mailbox)


async def messages_about(stage: Stage, subject_id: str) -> list[tuple[Mode, dict[str, Any]]]:
    """What is told of a thing, in order, with the mode in which it is told."""
    tenant = await stage.app.state.hosts.require(UUID(stage.business.id), now=utcnow())
    told = []
    for mode in Mode:
        async with stage.app.state.database.transaction(tenant.schema(mode)) as session:
            rows = await session.scalars(
                select(EventRow).where(EventRow.subject_id == UUID(subject_id)).order_by(EventRow.sequence)
            )
            told += [(mode, orjson.loads(message_of(row.payload, row.sequence))) for row in rows]
    return told


class TestCatalogue:
    def test_every_type_has_a_cause(self) -> None:
        assert {kind for _, kind in CAUSES} == set(EventType)

    def test_every_operation_tells_or_is_known_to_be_silent(self, app: FastAPI) -> None:
        writing = {
            operation["operationId"]
            for path, methods in app.openapi()["paths"].items()
            for method, operation in methods.items()
            if method != "get" and path.startswith("/api/v1")
        }
        telling = {operation for operation, _ in CAUSES} - {TIME}
        assert writing == telling | SILENT
        assert not telling & SILENT

    @pytest.mark.parametrize(("kind", "cause"), [(kind, cause) for (_, kind), cause in CAUSES.items()])
    async def test_what_it_promises_is_told_once_and_as_it_says(
        self, stage: Stage, kind: EventType, cause: Cause
    ) -> None:
        subject_id = await cause(stage)
        told = [each for each in await messages_about(stage, subject_id) if each[1]["type"] == kind]
        ((mode, message),) = told
        jsonschema.validate(message, event_types.read(kind).json_schema, format_checker=jsonschema.FormatChecker())
        assert message["data"]["id"] == subject_id
        if kind not in {EventType.RESOURCE_BLOCKED, EventType.RESOURCE_UNBLOCKED, EventType.TOKEN_REVOKED}:
            client = stage.business.in_sandbox() if mode is Mode.SANDBOX else stage.business.owner
            shown = (await client.get(f"/api/v1{SHOWN_AT[kind.family]}/{subject_id}")).json()
            if kind is not EventType.APPOINTMENT_HOLD_EXPIRED:  # by whose clock the desk does not go
                of_subject = {name: told for name, told in message["data"].items() if name != "message"}
                assert of_subject == {name: shown[name] for name in of_subject}

    @pytest.mark.parametrize("kind", EventType)
    async def test_is_served_with_its_schema_and_an_example(self, business: Business, kind: EventType) -> None:
        listed = (await business.owner.get("/api/v1/event-types")).json()
        shown = (await business.owner.get(f"/api/v1/event-types/{kind}")).json()
        assert {name: shown[name] for name in listed[0]} in listed
        jsonschema.Draft202012Validator.check_schema(shown["json_schema"])
        jsonschema.validate(shown["example"], shown["json_schema"], format_checker=jsonschema.FormatChecker())
        assert shown["example"]["type"] == kind

    async def test_an_unknown_type_is_not_found(self, business: Business) -> None:
        answer = await business.owner.get("/api/v1/event-types/appointment.lost")
        assert (answer.status_code, answer.json()["code"]) == (404, "event-type-not-found")

    @pytest.mark.parametrize("kind", EventType)
    def test_stands_among_the_webhooks_of_the_openapi_document(self, app: FastAPI, kind: EventType) -> None:
        document = app.openapi()
        assert document["webhooks"].keys() == set(EventType)
        reference = document["webhooks"][kind]["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"]
        described = document["components"]["schemas"][reference.rpartition("/")[2]]
        assert described["properties"]["type"]["const"] == kind
        whole = {**described, "components": document["components"]}
        jsonschema.validate(event_types.example(kind), whole)


class TestRecord:
    async def test_costs_a_change_one_statement_more(self, app: FastAPI, business: Business) -> None:
        with statements(app) as sent:
            await business.make("/customers", {"name": "Grace"})
        written = [statement for statement in sent if "INSERT INTO" in statement]
        assert ["INTO customers" in statement for statement in written] == [True, False]
        assert "INTO events" in written[1]

    async def test_of_several_in_one_transaction_too(self, app: FastAPI, stage: Stage) -> None:
        resource, kept = await stage.salon.resource(), await stage.salon.resource("Bo")
        for _ in range(3):
            await stage.salon.service([resource, kept])
        with statements(app) as sent:
            await stage.do("DELETE", f"/resources/{resource}")
        assert sum("INTO events" in statement for statement in sent) == 1

    async def test_never_tells_a_token_itself(self, stage: Stage) -> None:
        made = await stage.business.make("/tokens", {"name": "till", "mode": "test", "scopes": ["customers:read"]})
        ((mode, message),) = await messages_about(stage, made["id"])
        assert mode is Mode.SANDBOX
        assert made["token"] not in orjson.dumps(message).decode()

    async def test_tells_nothing_of_what_changes_nothing(self, stage: Stage) -> None:
        made = await stage.business.make("/customers", {"name": "Grace"})
        answer = await stage.business.owner.patch(f"/api/v1/customers/{made['id']}", json={"name": "Grace"})
        assert answer.status_code == 200
        assert len(await messages_about(stage, made["id"])) == 1

    async def test_tells_of_changes_at_the_same_time_in_their_order(self, stage: Stage) -> None:
        made = await stage.business.make("/customers", {"name": "Grace"})
        path = f"/api/v1/customers/{made['id']}"
        changes = [{"notes": f"note {number}"} if number % 2 else {"name": f"Grace {number}"} for number in range(10)]
        answers = await asyncio.gather(*(stage.business.owner.patch(path, json=change) for change in changes))
        assert {answer.status_code for answer in answers} == {200}
        told = [message["data"] for _, message in await messages_about(stage, made["id"])]
        assert told[-1] == (await stage.business.owner.get(path)).json()
        for earlier, later in pairwise(told):
            assert sum(earlier[name] != later[name] for name in ("name", "notes")) == 1

    def test_the_longest_of_all_has_64_kb(self) -> None:
        """It is a service, with as many resources as there can be and all its words in letters that JSON escapes."""
        pools = [[str(uuid7()) for _ in range(100)] for _ in range(MAX_REQUIREMENTS)]
        data = ServiceRead.model_validate(
            event_types.example(EventType.SERVICE_CREATED)["data"]
            | {"name": "\x01" * 120, "description": "\x01" * 2000}
            | {"requirements": [{"resource_ids": pool} for pool in pools]}
        )
        payload = payload_of(Event(EventType.SERVICE_UPDATED, utcnow(), uuid7(), data.model_dump()))
        assert len(message_of(payload, 2**63 - 1).encode()) <= MOST_BYTES
