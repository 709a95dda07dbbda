"""One mail on its way: claimed under a lease, recorded, and in the end forgotten."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.integrations.smtp import MailRefused
from app.mail.outbox import Letter, address_of
from app.models.public import MailRow

LEASE = timedelta(minutes=2)
"""How long a claim keeps others away. Longer than an attempt can take, short enough after a crash."""

DELAYS = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=6),
)
"""The wait after the first failed attempt, the second, and so on; the sixth failure is the last."""

KEPT = timedelta(days=30)
"""How long it is known that there was a mail, and what became of it."""

_ERROR_LENGTH = 500


@dataclass(frozen=True, slots=True)
class Claimed:
    """A mail that is ours to send until the lease ends. `attempts` counts this one."""

    id: UUID
    recipient: str
    sealed: str
    attempts: int
    created_at: datetime

    @property
    def is_worn_out(self) -> bool:
        """Whether it has been tried as often as may be, and nobody lived to record it."""
        return self.attempts > len(DELAYS) + 1


async def claim(session: AsyncSession, *, now: datetime) -> Claimed | None:
    """Take the mail that has been due longest, for nobody else to send until the lease ends. None: nothing is due.

    The attempt is counted before it is made, so that a mail which kills its worker is not tried for ever.
    """
    due = (
        select(MailRow.id)
        .where(MailRow.status == "pending", MailRow.due_at <= now)
        .order_by(MailRow.due_at, MailRow.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    statement = (
        update(MailRow)
        .where(MailRow.id == due)
        .values(due_at=now + LEASE, attempts=MailRow.attempts + 1)
        .returning(MailRow.id, MailRow.recipient, MailRow.sealed, MailRow.attempts, MailRow.created_at)
        .execution_options(synchronize_session=False)
    )
    row = (await session.execute(statement)).one_or_none()
    return Claimed(row.id, row.recipient, row.sealed or "", row.attempts, row.created_at) if row else None


async def record_sent(session: AsyncSession, mail: Claimed, *, now: datetime) -> None:
    """Note that it was handed over, and forget what it said."""
    await session.execute(
        update(MailRow)
        .where(MailRow.id == mail.id, MailRow.status == "pending")
        .values(status="sent", sent_at=now, sealed=None, error=None)
    )


async def record_refused(session: AsyncSession, mail: Claimed, refusal: MailRefused, *, now: datetime) -> None:
    """Note why it was not taken, and when to try again, if at all. A later attempt at it is not disturbed."""
    again = None if refusal.is_final or mail.attempts > len(DELAYS) else now + DELAYS[mail.attempts - 1]
    values = {"due_at": again} if again else {"status": "failed", "sealed": None}
    await session.execute(
        update(MailRow)
        .where(MailRow.id == mail.id, MailRow.status == "pending", MailRow.attempts == mail.attempts)
        .values(error=str(refusal)[:_ERROR_LENGTH], **values)
    )


async def forget(session: AsyncSession, *, now: datetime) -> None:
    """Delete what was written more than thirty days ago, whatever became of it."""
    await session.execute(delete(MailRow).where(MailRow.created_at < now - KEPT))


def envelope(mail: Claimed, letter: Letter, *, sender: str) -> EmailMessage:
    """The mail as it travels: the same each time, so that whoever gets it twice can tell by its Message-ID."""
    message = EmailMessage(policy=SMTP)
    message["From"] = address_of(sender, letter.sender_name)
    message["To"] = address_of(mail.recipient, letter.recipient_name)
    message["Subject"] = letter.subject
    message["Date"] = mail.created_at
    usual = {"Message-ID": f"<{mail.id}@{sender.rpartition('@')[2]}>", "Auto-Submitted": "auto-generated"}
    for name, value in (usual | letter.headers).items():
        message[name] = value
    message.set_content(letter.text, cte="quoted-printable")
    message.add_alternative(letter.html, subtype="html", cte="quoted-printable")
    return message
