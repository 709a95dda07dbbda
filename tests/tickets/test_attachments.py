"""Files that go with what is said about tickets."""

from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI

from tests.actors import Business
from tests.mailbox import Mailbox
from tests.media.conftest import Files
from tests.media.samples import picture
from tests.tickets.conftest import TICKETS, Desk
from tests.tickets.test_desk import pointers, refusal


@pytest.fixture
def files(app: FastAPI, business: Business) -> Files:
    return Files(app, business)


async def said(ticket: dict[str, Any], client: httpx.AsyncClient) -> list[dict[str, Any]]:
    answer = await client.get(f"{TICKETS}/{ticket['id']}/messages")
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def place(ticket: dict[str, Any], message: dict[str, Any], file: dict[str, Any]) -> str:
    return f"{TICKETS}/{ticket['id']}/messages/{message['id']}/attachments/{file['id']}"


class TestAttach:
    async def test_files_to_the_first_message_and_to_replies(self, desk: Desk, files: Files, mailbox: Mailbox) -> None:
        guest, _ = await desk.guest()
        before = await files.ready(client=guest.client, file_name="before.png")
        made = await desk.opened(guest.client, attachment_ids=[before["id"]])
        after = [await files.ready(file_name=f"{name}.png") for name in ("one", "two")]
        answer = await desk.say(made, desk.business.owner, "See.", attachment_ids=[each["id"] for each in after])
        assert [each["file_name"] for each in answer.json()["message"]["attachments"]] == ["one.png", "two.png"]
        for client in (guest.client, desk.business.owner):
            named = [[each["file_name"] for each in message["attachments"]] for message in await said(made, client)]
            assert named == [["before.png"], ["one.png", "two.png"]]
        replied = (await mailbox.find(guest.email))[-1]
        assert "See.\n\n[one.png]\n[two.png]\n" in replied.text

    async def test_hands_them_to_both_sides(self, desk: Desk, files: Files) -> None:
        guest, _ = await desk.guest()
        file = await files.ready(client=guest.client, file_name="before.png")
        made = await desk.opened(guest.client, attachment_ids=[file["id"]])
        (message,) = await said(made, guest.client)
        for client in (guest.client, desk.business.owner):
            read = (await client.get(place(made, message, file))).json()
            assert (await files.get(read["download"])).headers["content-type"] == "image/png"
            assert read["thumbnail"]["url"]

    async def test_refuses_what_is_not_the_callers_to_send(self, desk: Desk, files: Files) -> None:
        guest, _ = await desk.guest()
        theirs, used = await files.ready(client=guest.client), await files.ready()
        pending = await files.announced(picture())
        made = await desk.opened(attachment_ids=[used["id"]])
        wrong = [theirs["id"], used["id"], pending["id"], str(uuid4())]
        answer = await desk.say(made, desk.business.owner, "See.", attachment_ids=wrong)
        assert pointers(answer) == [f"/attachment_ids/{number}" for number in range(4)]
        assert len(await said(made, desk.business.owner)) == 1
        answer = await desk.say(made, desk.business.owner, "See.", attachment_ids=[str(uuid4()) for _ in range(11)])
        assert pointers(answer) == ["/attachment_ids"]


class TestGetTicketAttachment:
    async def test_of_a_note_to_no_customer(self, desk: Desk, files: Files) -> None:
        guest, _ = await desk.guest()
        made = await desk.opened(guest.client)
        file = await files.ready()
        noted = await desk.say(made, desk.business.owner, "Look.", kind="note", attachment_ids=[file["id"]])
        message = noted.json()["message"]
        assert (await desk.business.owner.get(place(made, message, file))).status_code == 200
        assert refusal(await guest.client.get(place(made, message, file))) == (404, "media-file-not-found")
        assert len(await said(made, guest.client)) == 1

    async def test_to_nobody_who_does_not_see_the_ticket(
        self, desk: Desk, files: Files, other_business: Business
    ) -> None:
        (guest, _), (other, _) = await desk.guest(), await desk.guest("Doris")
        member = await desk.member("tickets_own")
        file = await files.ready(client=guest.client)
        made = await desk.opened(guest.client, attachment_ids=[file["id"]])
        (message,) = await said(made, guest.client)
        tester = await desk.business.client("tickets:read", "desk:read", mode="test")
        for client in (other.client, member.client, tester, other_business.owner):
            assert refusal(await client.get(place(made, message, file))) == (404, "ticket-not-found")

    async def test_only_where_it_belongs(self, desk: Desk, files: Files) -> None:
        (guest, _), (other, _) = await desk.guest(), await desk.guest("Doris")
        file = await files.ready(client=guest.client)
        made = await desk.opened(guest.client, attachment_ids=[file["id"]])
        theirs = await desk.opened(other.client)
        (message,), (strange,) = await said(made, guest.client), await said(theirs, other.client)
        for where in (
            place(theirs, message, file),  # their ticket, somebody else's message
            place(theirs, strange, file),  # their message, somebody else's file
        ):
            assert refusal(await other.client.get(where)) == (404, "media-file-not-found")
        assert refusal(await other.client.get(place(made, message, file))) == (404, "ticket-not-found")
