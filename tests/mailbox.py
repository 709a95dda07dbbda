"""The mails that people were sent, as they would read them."""

import re
from dataclasses import dataclass

from fastapi import FastAPI
from sqlalchemy import select

from app.mail.messages import MailKind
from app.mail.outbox import unseal
from app.models.public import MailRow

_CODE = re.compile(r"/account/[a-z-]+#(\S+)")


@dataclass(frozen=True)
class Received:
    """A mail as it was written. Once a worker has sent it there is nothing more to read in it."""

    recipient: str
    kind: MailKind
    status: str
    subject: str
    text: str
    html: str
    sender_name: str

    @property
    def link(self) -> str:
        """The address of the account page it leads to."""
        found = re.search(r"https?://\S+/account/\S+", self.text)
        assert found, self.text
        return found.group()

    @property
    def code(self) -> str:
        """The code that its link carries."""
        found = _CODE.search(self.text)
        assert found, self.text
        return found.group(1)


class Mailbox:
    """Everybody's letter box: the rows of all mails, unsealed."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    async def find(self, recipient: str, kind: MailKind | None = None) -> list[Received]:
        """What was sent to this address (of that kind), the oldest first."""
        query = select(MailRow).where(MailRow.recipient == recipient).order_by(MailRow.created_at, MailRow.id)
        if kind is not None:
            query = query.where(MailRow.kind == kind)
        async with self._app.state.database.transaction() as session:
            rows = (await session.scalars(query)).all()
        return [self._read(row) for row in rows if row.sealed is not None]

    async def latest(self, recipient: str, kind: MailKind | None = None) -> Received:
        """The last of them; there has to be one."""
        found = await self.find(recipient, kind)
        assert found, f"no mail{f' of kind {kind}' if kind else ''} to {recipient}"
        return found[-1]

    def _read(self, row: MailRow) -> Received:
        letter = unseal(self._app.state.keyring, row.sealed or "")
        return Received(
            recipient=row.recipient,
            kind=MailKind(row.kind),
            status=row.status,
            subject=letter.subject,
            text=letter.text,
            html=letter.html,
            sender_name=letter.sender_name,
        )
