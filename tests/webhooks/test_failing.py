from datetime import timedelta
from typing import Any

from app.mail.messages import MailKind
from app.tenancy.mode import Mode
from tests.mailbox import Mailbox
from tests.outboxes import Clock, Outbox
from tests.receivers import Receiver, accept, refuse

FAILING, DISABLED = MailKind.WEBHOOK_FAILING, MailKind.WEBHOOK_DISABLED


async def attempt_after(outbox: Outbox, clock: Clock, mode: Mode = Mode.LIVE, **wait: float) -> None:
    """A new event, and whatever else is due, attempted once that time has gone by."""
    clock.now += timedelta(**wait)
    await outbox.emit(mode=mode)
    await outbox.drain(mode)


async def notices(outbox: Outbox, *, sandbox: bool = False) -> list[dict[str, Any]]:
    client = outbox.business.in_sandbox() if sandbox else outbox.business.owner
    items = (await client.get("/api/v1/notifications")).json()["items"]
    return [each for each in items if each["kind"].startswith("webhook")]


class TestAnEndpointThatFails:
    async def test_is_warned_of_after_three_days_and_disabled_after_five(
        self, outbox: Outbox, receiver: Receiver, clock: Clock, mailbox: Mailbox
    ) -> None:
        endpoint = await outbox.subscribe(receiver.url)
        receiver.answer = refuse(500)
        owner = outbox.business.email
        await attempt_after(outbox, clock, hours=0)
        began = clock.now
        await attempt_after(outbox, clock, hours=71)
        assert (await outbox.endpoint(endpoint)).warned_at is None
        await attempt_after(outbox, clock, hours=1)
        warned = await outbox.endpoint(endpoint)
        assert (warned.failing_since, warned.warned_at, warned.is_enabled) == (began, clock.now, True)
        await attempt_after(outbox, clock, hours=47)
        assert (await outbox.endpoint(endpoint)).is_enabled
        assert len(await mailbox.find(owner, FAILING)) == 1
        assert await mailbox.find(owner, DISABLED) == []
        await attempt_after(outbox, clock, hours=1)
        row = await outbox.endpoint(endpoint)
        assert (row.is_enabled, row.disabled_reason) == (False, "The endpoint has failed for 5 days.")
        assert "127.0.0.1" in (await mailbox.latest(owner, DISABLED)).subject
        assert [each["kind"] for each in await notices(outbox)] == ["webhook_disabled", "webhook_failing"]
        sent = len(receiver.received)
        await attempt_after(outbox, clock, hours=1)
        assert len(receiver.received) == sent
        assert len(await mailbox.find(owner, DISABLED)) == 1

    async def test_is_never_disabled_within_a_day_of_the_warning(
        self, outbox: Outbox, receiver: Receiver, clock: Clock, mailbox: Mailbox
    ) -> None:
        endpoint = await outbox.subscribe(receiver.url)
        receiver.answer = refuse(500)
        await attempt_after(outbox, clock, hours=0)
        await attempt_after(outbox, clock, days=20)
        assert (await outbox.endpoint(endpoint)).warned_at == clock.now
        await attempt_after(outbox, clock, hours=23)
        assert (await outbox.endpoint(endpoint)).is_enabled
        await attempt_after(outbox, clock, hours=1)
        assert not (await outbox.endpoint(endpoint)).is_enabled
        assert len(await mailbox.find(outbox.business.email, DISABLED)) == 1

    async def test_begins_anew_after_a_success(
        self, outbox: Outbox, receiver: Receiver, clock: Clock, mailbox: Mailbox
    ) -> None:
        endpoint = await outbox.subscribe(receiver.url)
        receiver.answer = refuse(500)
        await attempt_after(outbox, clock, hours=0)
        await attempt_after(outbox, clock, days=4)
        receiver.answer = accept
        await attempt_after(outbox, clock, hours=1)
        row = await outbox.endpoint(endpoint)
        assert (row.failing_since, row.warned_at) == (None, None)
        receiver.answer = refuse(500)
        await attempt_after(outbox, clock, days=4)
        assert (await outbox.endpoint(endpoint)).failing_since == clock.now
        await attempt_after(outbox, clock, days=3)
        assert len(await mailbox.find(outbox.business.email, FAILING)) == 2

    async def test_leaves_others_alone(
        self, outbox: Outbox, receiver: Receiver, other_receiver: Receiver, clock: Clock, mailbox: Mailbox
    ) -> None:
        await outbox.subscribe(receiver.url)
        other = await outbox.subscribe(other_receiver.url)
        receiver.answer = refuse(500)
        await attempt_after(outbox, clock, hours=0)
        await attempt_after(outbox, clock, days=4)
        row = await outbox.endpoint(other)
        assert (row.failing_since, row.warned_at, row.is_enabled) == (None, None, True)
        assert len(await mailbox.find(outbox.business.email, FAILING)) == 1


class TestAnEndpointThatIsGone:
    async def test_is_disabled_at_once_and_the_owner_told(
        self, outbox: Outbox, receiver: Receiver, mailbox: Mailbox
    ) -> None:
        await outbox.subscribe(receiver.url)
        receiver.answer = refuse(410)
        await outbox.emit(times=3)
        await outbox.drain()
        (mail,) = await mailbox.find(outbox.business.email, DISABLED)
        assert "410 Gone" in " ".join(mail.text.split())
        (notice,) = await notices(outbox)
        assert notice["data"] == {"host": "127.0.0.1", "reason": "The endpoint answered 410 Gone."}


class TestInSandbox:
    async def test_no_mail_is_sent_and_the_notice_is_the_sandbox_s(
        self, outbox: Outbox, receiver: Receiver, mailbox: Mailbox
    ) -> None:
        await outbox.subscribe(receiver.url, mode="test")
        receiver.answer = refuse(410)
        await outbox.emit(mode=Mode.SANDBOX)
        await outbox.drain(Mode.SANDBOX)
        (mail,) = await mailbox.find(outbox.business.email, DISABLED)
        assert mail.status == "withheld"
        assert await notices(outbox) == []
        assert [each["kind"] for each in await notices(outbox, sandbox=True)] == ["webhook_disabled"]
