"""Sending what is due: several mails at once, with no transaction open meanwhile."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from types import TracebackType
from typing import Self

from app.core.clock import utcnow
from app.core.crypto import Keyring, UnsealError
from app.db.session import Database
from app.integrations.smtp import MailRefused, MailTransport
from app.mail import delivery
from app.mail.delivery import Claimed
from app.mail.outbox import unseal

MOST_AT_ONCE = 8

_LAST_SENDS_SECONDS = 10.0
_log = logging.getLogger(__name__)


class Postman:
    """Goes out with what is due; enter it once per process.

    Each round of it takes one mail after the other until nothing is due. Whoever finds something sends another round
    along, up to a few. If the process dies, the leases run out and others send again, under the same Message-ID.
    """

    def __init__(
        self,
        database: Database,
        keyring: Keyring,
        transport: MailTransport,
        *,
        sender: str,
        clock: Callable[[], datetime] = utcnow,
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._transport = transport
        self._sender = sender
        self._clock = clock
        self._rounds: set[asyncio.Task[None]] = set()
        self._is_closing = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Claim nothing more, and give what is being sent a few seconds to end and be recorded."""
        self._is_closing = True
        await self.settle(timeout_seconds=_LAST_SENDS_SECONDS)
        for task in self._rounds:
            task.cancel()
        await asyncio.gather(*self._rounds, return_exceptions=True)

    def go(self) -> None:
        """See to it that what is due is sent from now on. Returns before it is."""
        if not self._is_closing and len(self._rounds) < MOST_AT_ONCE:
            task = asyncio.create_task(self._round(), name="mails")
            self._rounds.add(task)
            task.add_done_callback(self._end)

    async def settle(self, *, timeout_seconds: float) -> None:
        """Wait until nothing more is under way, or the time is up."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_seconds):
                while self._rounds:
                    await asyncio.wait(self._rounds)

    def _end(self, task: asyncio.Task[None]) -> None:
        self._rounds.discard(task)
        if not task.cancelled() and task.exception():
            # What it had claimed is due again after the lease.
            _log.error("a round of mails failed", exc_info=task.exception())

    async def _round(self) -> None:
        while not self._is_closing and (mail := await self._claim()):
            self.go()
            await self._deliver(mail)

    async def _claim(self) -> Claimed | None:
        async with self._database.transaction() as session:
            return await delivery.claim(session, now=self._clock())

    async def _deliver(self, mail: Claimed) -> None:
        refusal = await self._attempt(mail)
        async with self._database.transaction() as session:
            if refusal is None:
                await delivery.record_sent(session, mail, now=self._clock())
            else:
                await delivery.record_refused(session, mail, refusal, now=self._clock())

    async def _attempt(self, mail: Claimed) -> MailRefused | None:
        if mail.is_worn_out:
            return MailRefused("Whoever tried to send it has died of it.", is_final=True)
        try:
            message = delivery.envelope(mail, unseal(self._keyring, mail.sealed), sender=self._sender)
            await self._transport.send(message)
        except MailRefused as refusal:
            _log.warning("mail %s was refused: %s", mail.id, refusal)
            return refusal
        except UnsealError:
            return MailRefused("It was sealed with another secret key.", is_final=False)
        except Exception as error:  # noqa: BLE001 — whatever ails one mail, the others go out
            _log.exception("sending mail %s failed unexpectedly", mail.id)
            return MailRefused(f"Sending failed unexpectedly: {type(error).__name__}.", is_final=False)
        return None
