"""Writing mails: with the change they tell of, sealed, in sandbox withheld, and for one address alone."""

from pathlib import Path

import pytest
from arq.connections import ArqRedis
from fastapi import FastAPI
from sqlalchemy import select, update

from app.core.crypto import Keyring, UnsealError
from app.errors import TierLimit
from app.mail.messages import MailKind, ResetPassword
from app.mail.outbox import send, unseal
from app.mail.wakeups import SEND
from app.models.public import MailRow, TenantRow
from app.runtime import Runtime
from app.settings import Settings
from app.tenancy.mode import Mode
from tests.actors import Business
from tests.mail.writing import GRACE, NOW, mail, write
from tests.mailbox import Mailbox

CODE = "Abc_-123-and-more"
LINK = f"http://salon.localhost:8000/account/reset-password#{CODE}"


async def rows(app: FastAPI) -> list[MailRow]:
    async with app.state.database.transaction() as session:
        return list(await session.scalars(select(MailRow).order_by(MailRow.id)))


async def wake_ups(redis: ArqRedis) -> list[str]:
    return [job.job_id or "" for job in await redis.queued_jobs() if job.function == SEND]


class TestSend:
    async def test_writes_what_its_reader_will_read(self, app: FastAPI, business: Business, mailbox: Mailbox) -> None:
        await write(app, mail(business, message=ResetPassword(LINK, NOW)))
        received = await mailbox.latest(GRACE, MailKind.RESET_PASSWORD)
        assert (received.sender_name, received.status) == (f"The {business.slug}", "pending")
        assert (received.link, received.code) == (LINK, CODE)
        assert f"The {business.slug} sent you this mail" in " ".join(received.text.split())

    async def test_speaks_for_the_platform_without_a_business(self, app: FastAPI, mailbox: Mailbox) -> None:
        await write(app, mail())
        assert (await mailbox.latest(GRACE)).sender_name == "Smooth Schedule"

    async def test_bears_the_colour_and_the_zone_of_the_business(
        self, app: FastAPI, business: Business, mailbox: Mailbox
    ) -> None:
        async with app.state.database.transaction() as session:
            changed = update(TenantRow).where(TenantRow.slug == business.slug)
            await session.execute(changed.values(brand_color="#123456", timezone="Asia/Tokyo"))
        await write(app, mail(business))
        received = await mailbox.latest(GRACE)
        assert "#123456" in received.html
        assert "(Asia/Tokyo)" in received.text

    async def test_seals_what_it_says(self, app: FastAPI) -> None:
        await write(app, mail(message=ResetPassword(LINK, NOW)))
        (row,) = await rows(app)
        assert row.sealed is not None
        assert CODE not in row.sealed
        with pytest.raises(UnsealError):
            unseal(Keyring("another secret key than the tests' own"), row.sealed)

    async def test_sends_nothing_if_the_change_does_not_happen(self, app: FastAPI, redis: ArqRedis) -> None:
        with pytest.raises(TierLimit):
            async with app.state.database.transaction() as session:
                await send(session, app.state.keyring, mail(), now=NOW)
                await session.flush()
                raise TierLimit
        assert await rows(app) == []
        assert await wake_ups(redis) == []

    async def test_wakes_a_worker_before_and_after_the_commit(self, app: FastAPI, redis: ArqRedis) -> None:
        await write(app, mail(), mail(recipient="ada@example.com"))
        now, later = sorted(await wake_ups(redis))
        assert now == SEND
        assert later.removeprefix(f"{SEND}:").isdecimal()

    async def test_does_not_need_the_queue(self, tmp_path: Path, settings: Settings, app: FastAPI) -> None:
        own = settings.model_copy(update={"redis_url": f"unix://{tmp_path}/nobody.sock"})
        async with Runtime.of(own) as runtime, runtime.database.transaction() as session:
            await send(session, runtime.keyring, mail(), now=NOW)
        assert [row.status for row in await rows(app)] == ["pending"]

    async def test_withholds_what_happens_in_sandbox(
        self, app: FastAPI, business: Business, redis: ArqRedis, mailbox: Mailbox
    ) -> None:
        await write(app, mail(business, mode=Mode.SANDBOX))
        assert (await mailbox.latest(GRACE)).status == "withheld"
        assert await wake_ups(redis) == []

    @pytest.mark.parametrize(
        "recipient",
        [
            "grace@example.com\r\nBcc: everybody@example.com",
            "grace@example.com\nada@example.com",
            "grace@example.com, ada@example.com",
            "Grace <grace@example.com>",
            "grace@example.com>",
            "grace hopper@example.com",
            "grace",
            "@example.com",
            "grace@",
            f"grace@{'x' * 70}.com",
        ],
    )
    async def test_writes_to_one_address_or_to_none(self, app: FastAPI, recipient: str) -> None:
        with pytest.raises(ValueError, match=r"not an e-mail address|label|idna"):
            await write(app, mail(recipient=recipient))
        assert await rows(app) == []
