"""Who is written to about a ticket, and what has mail programs show the mails as one thread."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from app.mail.delivery import Claimed, envelope
from app.mail.messages import MailKind
from app.mail.outbox import unseal
from app.models.public import MailRow
from app.tickets.mailboxes import Mailbox, Side, local_part_of, read
from tests.actors import Business
from tests.mailbox import Mailbox as Letters
from tests.tickets.conftest import TICKETS, Desk

SENDER = "no-reply@localhost"
OF_TICKETS = {MailKind.TICKET_RECEIVED, MailKind.TICKET_REPLIED, MailKind.TICKET_NEWS}


async def written(app: FastAPI, recipient: str) -> list[Any]:
    """The mails about tickets to this address, as they travel, the oldest first."""
    query = select(MailRow).where(MailRow.recipient == recipient, MailRow.kind.in_(sorted(OF_TICKETS)))
    async with app.state.database.transaction() as session:
        rows = (await session.scalars(query.order_by(MailRow.created_at, MailRow.id))).all()
    keyring = app.state.runtime.keyring
    return [
        envelope(
            Claimed(row.id, row.recipient, row.sealed or "", 1, row.created_at),
            unseal(keyring, row.sealed or ""),
            sender=SENDER,
        )
        for row in rows
        if row.sealed
    ]


def text_of(mail: Any) -> str:
    return " ".join(mail.get_body(("plain",)).get_content().split())


class TestWhoIsWrittenTo:
    async def test_a_customer_of_what_they_opened_and_of_each_reply(self, desk: Desk, mailbox: Letters) -> None:
        guest, _ = await desk.guest()
        made = await desk.opened(guest.client)
        await desk.say(made, desk.business.owner, "Come by at four.\n\nBring the receipt.")
        await desk.say(made, guest.client, "Thank you.")
        received, replied = await mailbox.find(guest.email)
        assert [received.kind, replied.kind] == [MailKind.TICKET_RECEIVED, MailKind.TICKET_REPLIED]
        assert received.subject == replied.subject == f"[#{made['number']}] My colour has faded"
        assert "Come by at four.\n\nBring the receipt.\n" in replied.text

    async def test_a_customer_without_a_log_in_all_the_same(self, desk: Desk, mailbox: Letters) -> None:
        customer = await desk.business.make("/customers", {"name": "Doris", "email": "doris@mail.example"})
        made = await desk.opened(customer_id=customer["id"])
        await desk.say(made, desk.business.owner, "We called you.")
        assert [mail.kind for mail in await mailbox.find("doris@mail.example")] == [MailKind.TICKET_REPLIED] * 2

    async def test_nobody_where_there_is_no_address_that_takes_mail(self, desk: Desk) -> None:
        customer = await desk.business.make("/customers", {"name": "Doris"})
        made = await desk.opened(customer_id=customer["id"])
        assert (await desk.say(made, desk.business.owner, "We called you.")).status_code == 201

    async def test_no_customer_of_a_note(self, desk: Desk, mailbox: Letters) -> None:
        guest, _ = await desk.guest()
        member = await desk.member("tickets_all")
        made = await desk.opened(guest.client)
        await desk.business.owner.patch(f"{TICKETS}/{made['id']}", json={"assignee_id": member.id})
        await desk.say(made, desk.business.owner, "canary-4711", kind="note")
        assert not [mail for mail in await mailbox.find(guest.email) if "canary-4711" in mail.text + mail.html]
        (noted,) = [mail for mail in await mailbox.find(member.email) if mail.kind is MailKind.TICKET_NEWS]
        assert "for the staff alone" in noted.text
        assert "canary-4711" in noted.text

    async def test_the_staff_as_they_have_chosen(self, desk: Desk, mailbox: Letters) -> None:
        guest, _ = await desk.guest()
        member = await desk.member("tickets_own")
        choice = {"notifications": {"ticket_news": {"email": "never"}}}
        assert (await member.client.put("/api/v1/me/preferences", json=choice)).status_code == 200
        made = await desk.opened(guest.client)
        await desk.business.owner.patch(f"{TICKETS}/{made['id']}", json={"assignee_id": member.id})
        await desk.say(made, guest.client, "Hello?")
        assert [mail for mail in await mailbox.find(member.email) if mail.kind in OF_TICKETS] == []
        news = [mail.kind for mail in await mailbox.find(desk.business.email) if mail.kind in OF_TICKETS]
        assert news == [MailKind.TICKET_NEWS]  # of its opening: by now somebody else looks after it

    async def test_nobody_from_the_sandbox(self, desk: Desk, mailbox: Letters) -> None:
        tester = await desk.business.client("tickets:read", "tickets:write", "customers:write", mode="test")
        customer = (await tester.post("/api/v1/customers", json={"name": "D", "email": "d@mail.example"})).json()
        body = {"subject": "s", "body": "b", "customer_id": customer["id"]}
        assert (await tester.post(TICKETS, json=body)).status_code == 201
        assert {mail.status for mail in await mailbox.find("d@mail.example")} == {"withheld"}


class TestThreads:
    async def test_hang_together(self, app: FastAPI, desk: Desk) -> None:
        guest, _ = await desk.guest()
        member = await desk.member("tickets_all")
        made = await desk.opened(guest.client)
        await desk.business.owner.patch(f"{TICKETS}/{made['id']}", json={"follower_ids": [member.id]})
        await desk.say(made, desk.business.owner, "canary", kind="note")
        for body in ("First.", "Second."):
            await desk.say(made, desk.business.owner, body)
        opened, first, second = await written(app, guest.email)
        assert "In-Reply-To" not in opened
        assert first["In-Reply-To"] == first["References"] == opened["Message-ID"]
        assert second["In-Reply-To"] == first["Message-ID"]
        assert second["References"].split() == [opened["Message-ID"], first["Message-ID"]]  # and not the note
        theirs = await written(app, member.email)
        assert [mail["Message-ID"] for mail in theirs[1:]] == [first["Message-ID"], second["Message-ID"]]
        assert all(mail["Auto-Submitted"] == "auto-generated" for mail in (opened, first, *theirs))
        assert all(mail["X-Loop"] == "localhost" for mail in (opened, first, *theirs))
        assert "Nobody reads answers" in text_of(first)


class TestMailboxes:
    BOX = Mailbox(UUID("01980d3f-9a4e-7c1e-8b52-3f6a1c0d9e77"), 1042)

    def test_are_read_back_whatever_the_case(self, app: FastAPI) -> None:
        keyring = app.state.runtime.keyring
        local_part = local_part_of(keyring, self.BOX)
        assert len(local_part) <= 64
        assert local_part.isalnum()
        assert read(keyring, local_part) == self.BOX
        assert read(keyring, local_part.upper()) == self.BOX

    @pytest.mark.parametrize("side", Side)
    def test_are_for_one_side(self, app: FastAPI, side: Side) -> None:
        keyring = app.state.runtime.keyring
        local_part = local_part_of(keyring, replace(self.BOX, side=side))
        assert read(keyring, local_part) == replace(self.BOX, side=side)
        for other in set(Side) - {side}:
            assert read(keyring, other + local_part[1:]) is None

    @pytest.mark.parametrize("place", [0, 1, 10, 30, 40, 47])
    def test_cannot_be_made_up(self, app: FastAPI, place: int) -> None:
        keyring = app.state.runtime.keyring
        letters = list(local_part_of(keyring, self.BOX))
        letters[place] = "a" if letters[place] != "a" else "b"
        assert read(keyring, "".join(letters)) is None

    @pytest.mark.parametrize("local_part", ["", "t", "info", "t" + "a" * 48, "t" + "1" * 48, "t" + "é" * 48, "a" * 500])
    def test_others_are_none(self, app: FastAPI, local_part: str) -> None:
        assert read(app.state.runtime.keyring, local_part) is None


async def test_a_reply_sends_to_nobody_who_no_longer_works_there(
    business: Business, desk: Desk, mailbox: Letters
) -> None:
    guest, _ = await desk.guest()
    member = await desk.member("tickets_own")
    made = await desk.opened(guest.client)
    await business.owner.patch(f"{TICKETS}/{made['id']}", json={"follower_ids": [member.id]})
    assert (await business.owner.patch(f"/api/v1/staff/{member.id}", json={"is_active": False})).is_success
    before = len(await mailbox.find(member.email))
    await desk.say(made, guest.client, "Hello?")
    assert len(await mailbox.find(member.email)) == before


async def test_a_reply_sends_to_nobody_who_may_see_tickets_no_longer(desk: Desk, mailbox: Letters) -> None:
    guest, _ = await desk.guest()
    member = await desk.member("tickets_own")
    made = await desk.opened(guest.client)
    await desk.business.owner.patch(f"{TICKETS}/{made['id']}", json={"follower_ids": [member.id]})
    await desk.say(made, guest.client, "Hello?")
    assert len([mail for mail in await mailbox.find(member.email) if mail.kind in OF_TICKETS]) == 1
    assert (await desk.business.owner.patch(f"/api/v1/staff/{member.id}", json={"areas": []})).is_success
    await desk.say(made, guest.client, "Anybody there?")
    await desk.say(made, desk.business.owner, "canary", kind="note")
    assert len([mail for mail in await mailbox.find(member.email) if mail.kind in OF_TICKETS]) == 1
