"""How users hear of what they choose about."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from sqlalchemy import select, update

from app.core.clock import utcnow
from app.mail.messages import MailKind
from app.models.public import NotificationRow, UserRow
from app.notifications import inbox, mailing
from app.notifications.choices import Choice, EmailChoice
from app.notifications.inbox import News
from app.notifications.kinds import NotificationKind
from tests.actors import Business
from tests.mailbox import Mailbox
from tests.notifications.test_notifications import INBOX, read, user_of, waiting

PREFERENCES = "/api/v1/me/preferences"
TICKET = {"ticket_id": "01980d3f-9a4e-7c1e-8b52-3f6a1c0d9e77", "number": 7, "subject": "The bill"}
NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)


async def choose(business: Business, **choice: Any) -> None:
    answer = await business.owner.put(PREFERENCES, json={"notifications": {"ticket_overdue": choice}})
    assert answer.status_code == 200, answer.text


async def tell(
    app: FastAPI,
    business: Business,
    *,
    now: datetime,
    number: int = 7,
    is_sandbox: bool = False,
    is_mailed: bool = False,
) -> set[UUID]:
    ticket = TICKET | {"number": number, "ticket_id": f"01980d3f-9a4e-7c1e-8b52-3f6a1c0d{number:04}"}
    news = News(NotificationKind.TICKET_OVERDUE, ticket, "Europe/Berlin", is_sandbox)
    async with app.state.database.transaction() as session:
        return await inbox.tell(session, [await user_of(business)], news, now=now, is_mailed=is_mailed)


async def send(app: FastAPI, *, now: datetime) -> None:
    async with app.state.database.transaction() as session:
        await mailing.send_due(session, app.state.runtime.keyring, now=now, most=500)


class TestChoice:
    @pytest.mark.parametrize(
        ("email", "zone", "at"),
        [
            (EmailChoice.NEVER, None, None),
            (EmailChoice.AT_ONCE, None, NOON + timedelta(minutes=2)),
            (EmailChoice.DIGEST, None, datetime(2026, 12, 2, 7, tzinfo=UTC)),  # eight in Berlin
            (EmailChoice.DIGEST, "America/New_York", datetime(2026, 12, 1, 13, tzinfo=UTC)),  # it is seven there
        ],
    )
    def test_says_when_it_is_mailed(self, email: EmailChoice, zone: str | None, at: datetime | None) -> None:
        assert Choice(in_app=True, email=email, timezone=zone).mail_at(NOON, "Europe/Berlin") == at


class TestTell:
    async def test_makes_one_of_a_burst(self, app: FastAPI, business: Business) -> None:
        now = utcnow()
        for minutes in (0, 10, 50):
            await tell(app, business, now=now + timedelta(minutes=minutes))
        await tell(app, business, now=now + timedelta(minutes=50), number=8)
        newest, burst = await read(business)
        assert (newest["count"], burst["count"]) == (1, 3)
        assert burst["text"].endswith("(3 times)")
        assert await waiting(app, business) == 2

    async def test_begins_anew_once_it_was_read_or_long_ago(self, app: FastAPI, business: Business) -> None:
        now = utcnow()
        await tell(app, business, now=now)
        (item,) = await read(business)
        assert (await business.owner.post(f"{INBOX}/{item['id']}/read")).status_code == 200
        await tell(app, business, now=now)
        await tell(app, business, now=now + timedelta(hours=2))
        assert [each["count"] for each in await read(business)] == [1, 1, 1]

    async def test_shows_nothing_that_is_not_wanted(self, app: FastAPI, business: Business) -> None:
        await choose(business, in_app=False, email="digest")
        await tell(app, business, now=utcnow())
        assert (await read(business), await waiting(app, business)) == ([], 0)
        await business.owner.post(f"{INBOX}/read-all")  # which is of what is shown
        async with app.state.database.transaction() as session:
            rows = (
                await session.scalars(select(NotificationRow).where(NotificationRow.kind == "ticket_overdue"))
            ).all()
            assert [row.read_at for row in rows if row.user_id == await user_of(business)] == [None]

    async def test_keeps_nothing_that_nobody_wants(self, app: FastAPI, business: Business) -> None:
        await choose(business, in_app=False, email="never")
        assert await tell(app, business, now=utcnow()) == set()
        async with app.state.database.transaction() as session:
            query = select(NotificationRow).where(NotificationRow.user_id == await user_of(business))
            assert (await session.scalars(query)).all() == []

    async def test_cannot_be_declined_of_what_is_about_access(self, business: Business) -> None:
        body = {"notifications": {"password_changed": {"in_app": False}}}
        answer = await business.owner.put(PREFERENCES, json=body)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"].startswith("/notifications/password_changed")


class TestSendDue:
    async def test_mails_what_is_still_unread_once(self, app: FastAPI, business: Business, mailbox: Mailbox) -> None:
        now = utcnow()
        await tell(app, business, now=now)
        await send(app, now=now + timedelta(minutes=1))
        assert not await mailbox.find(business.email, MailKind.NOTIFICATION_DIGEST)
        for _ in range(2):
            await send(app, now=now + timedelta(minutes=3))
        (mail,) = await mailbox.find(business.email, MailKind.NOTIFICATION_DIGEST)
        assert "#7 was to be answered or resolved by now: The bill" in " ".join(mail.text.split())

    async def test_spares_who_has_read_it(self, app: FastAPI, business: Business, mailbox: Mailbox) -> None:
        now = utcnow()
        await tell(app, business, now=now)
        await business.owner.post(f"{INBOX}/read-all")
        await send(app, now=now + timedelta(minutes=3))
        assert not await mailbox.find(business.email, MailKind.NOTIFICATION_DIGEST)

    async def test_spares_who_has_changed_their_mind(self, app: FastAPI, business: Business, mailbox: Mailbox) -> None:
        now = utcnow()
        await tell(app, business, now=now)
        await choose(business, email="never")
        await send(app, now=now + timedelta(minutes=3))
        assert not await mailbox.find(business.email, MailKind.NOTIFICATION_DIGEST)

    async def test_keeps_nobodys_from_them_for_what_ails_anothers(
        self, app: FastAPI, business: Business, other_business: Business, mailbox: Mailbox
    ) -> None:
        now = utcnow()
        await tell(app, business, now=now - timedelta(seconds=1))
        await tell(app, other_business, now=now)
        async with app.state.database.transaction() as session:
            broken = update(NotificationRow).where(NotificationRow.user_id == await user_of(business))
            await session.execute(broken.values(data={"of": "another version"}))
        await send(app, now=now + timedelta(minutes=3))
        assert await mailbox.find(other_business.email, MailKind.NOTIFICATION_DIGEST)
        assert not await mailbox.find(business.email, MailKind.NOTIFICATION_DIGEST)

    async def test_makes_one_mail_of_a_day(self, app: FastAPI, business: Business, mailbox: Mailbox) -> None:
        await choose(business, email="digest")
        for number in range(1, 26):
            await tell(app, business, now=NOON, number=number)
        await send(app, now=NOON + timedelta(hours=1))
        assert not await mailbox.find(business.email, MailKind.NOTIFICATION_DIGEST)
        await send(app, now=NOON + timedelta(days=1))
        (mail,) = await mailbox.find(business.email, MailKind.NOTIFICATION_DIGEST)
        assert "25 things to know" in mail.subject
        assert "There are 5 more" in " ".join(mail.text.split())

    async def test_leaves_to_the_caller_what_the_caller_mails(self, app: FastAPI, business: Business) -> None:
        user_id = await user_of(business)
        assert await tell(app, business, now=utcnow(), is_mailed=True) == {user_id}
        async with app.state.database.transaction() as session:
            row = (await session.scalars(select(NotificationRow).where(NotificationRow.user_id == user_id))).one()
            assert row.mail_at is None

    async def test_mails_nothing_of_the_sandbox(self, app: FastAPI, business: Business, mailbox: Mailbox) -> None:
        await tell(app, business, now=utcnow(), is_sandbox=True)
        await send(app, now=utcnow() + timedelta(days=2))
        assert not await mailbox.find(business.email, MailKind.NOTIFICATION_DIGEST)

    async def test_writes_to_nobody_who_cannot_log_in(self, app: FastAPI, business: Business, mailbox: Mailbox) -> None:
        now = utcnow()
        await tell(app, business, now=now)
        async with app.state.database.transaction() as session:
            (await session.get_one(UserRow, await user_of(business))).is_active = False
        await send(app, now=now + timedelta(minutes=3))
        assert not await mailbox.find(business.email, MailKind.NOTIFICATION_DIGEST)
