"""Sending what is due: several mails at once, with no transaction open meanwhile."""

import logging
from collections.abc import Callable
from datetime import datetime

from app.core.background import BackgroundWork
from app.core.clock import utcnow
from app.core.crypto import Keyring, UnsealError
from app.db.session import Database
from app.integrations.smtp import MailRefused, MailTransport
from app.mail import delivery
from app.mail.delivery import Claimed
from app.mail.outbox import unseal

MOST_AT_ONCE = 8

_log = logging.getLogger(__name__)


class Postman(BackgroundWork):
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
        super().__init__()
        self._database = database
        self._keyring = keyring
        self._transport = transport
        self._sender = sender
        self._clock = clock

    def go(self) -> None:
        """See to it that what is due is sent from now on. Returns before it is."""
        if not self._is_closing and len(self._tasks) < MOST_AT_ONCE:
            self._start(self._round(), "a round of mails")

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
