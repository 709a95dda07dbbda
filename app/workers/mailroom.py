"""Taking mail for tickets, where the installation is set up for it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from uuid import UUID

from app.core.clock import utcnow
from app.errors import MediaFileLimit, TenantNotFound, TenantSuspended, TierLimit
from app.integrations.dns import Lookup, lookup_of
from app.integrations.smtp_server import Certificate, Delivered, MailPutOff, MailRefused, taking_mail
from app.mail.incoming.parsing import Attached
from app.mail.incoming.reading import Circumstances, Reader, Reading, ReadingFailed, Unwanted
from app.mail.rendering import REPLY_MARKER
from app.media.kinds import Refused
from app.media.shelf import Shelf
from app.media.uploading import discard_unattached, take_in
from app.runtime import Runtime
from app.tenancy.mode import Mode
from app.tenancy.tenant import Tenant, TenantSchema
from app.tickets import arrivals, mailboxes
from app.tickets.arrivals import Arrival, NotNow, NotTaken
from app.tickets.mailboxes import Mailbox
from app.tickets.post import Letterhead, TicketPost

_MOST_FILES = 10
_UNKNOWN = "Nobody takes mail at this address."


@asynccontextmanager
async def mailroom(runtime: Runtime) -> AsyncIterator[int | None]:
    """Take mail as long as this is entered; the port that it is taken at, None where no mail is taken."""
    settings = runtime.settings
    if settings.inbound_mail_domain is None:
        yield None
        return
    room = Mailroom(runtime, settings.inbound_mail_domain, lookup_of(settings))
    host, port = settings.inbound_mail_host, settings.inbound_mail_port
    chain, key = settings.inbound_mail_certificate, settings.inbound_mail_key
    certificate = Certificate(chain, key) if chain and key else None
    async with taking_mail(room, host, port, settings.inbound_mail_domain, certificate=certificate) as taken_at:
        yield taken_at


class Mailroom:
    """Decides what becomes of a mail: nothing is taken before it is kept."""

    def __init__(self, runtime: Runtime, domain: str, lookup: Lookup) -> None:
        self._runtime = runtime
        self._domain = domain.lower()
        self._reader = Reader(lookup)
        self._post = TicketPost.of(runtime.settings, runtime.keyring)

    async def check_recipient(self, address: str) -> None:
        """See `MailTaker`."""
        await self._find(address, utcnow())

    async def take(self, mail: Delivered) -> None:
        """See `MailTaker`. Every recipient that can takes it; the first that does not speaks for all."""
        came = Circumstances(mail.peer, mail.helo, mail.sender, REPLY_MARKER, sorted({self._domain, self._post.domain}))
        try:
            reading = await self._reader.read(mail.raw, came)
        except Unwanted as reason:
            raise MailRefused(str(reason)) from reason
        except ReadingFailed as reason:
            raise MailPutOff("It cannot be read for now.") from reason
        arrival = Arrival(
            message_id=reading.message_id,
            sender=reading.sender,
            subject=reading.subject,
            text=reading.new,
            whole=reading.text,
            spf=reading.verdict.spf,
            dkim=reading.verdict.dkim,
            is_aligned=reading.verdict.is_aligned,
        )
        refusals: list[MailRefused] = []
        delays: list[MailPutOff] = []
        for address in dict.fromkeys(mail.recipients):
            try:
                await self._keep(address, reading, arrival)
            except MailRefused as refusal:
                refusals.append(refusal)
            except MailPutOff as delay:
                delays.append(delay)
        for trouble in (*delays, *refusals):
            raise trouble

    async def _keep(self, address: str, reading: Reading, arrival: Arrival) -> None:
        now = utcnow()
        tenant, box = await self._find(address, now)
        schema = tenant.schema(Mode.LIVE)
        head = Letterhead(tenant, Mode.LIVE, self._post)
        try:
            async with self._runtime.database.transaction(schema) as session:
                admitted = await arrivals.admit(session, tenant, box, arrival, now=now)
            if admitted is None:
                return
            async with self._files(schema, admitted.author.uploader_id, reading, now) as (file_ids, left_out):
                whole = replace(arrival, text="\n\n".join(filter(None, [arrival.text, *left_out])))
                async with self._runtime.database.transaction(schema) as session:
                    admitted = await arrivals.admit(session, tenant, box, arrival, now=now)
                    if admitted is not None:
                        await arrivals.take(session, head, admitted, whole, file_ids, now=now)
        except NotTaken as reason:
            raise MailRefused(str(reason)) from reason
        except NotNow as reason:
            raise MailPutOff(str(reason)) from reason

    @asynccontextmanager
    async def _files(
        self, schema: TenantSchema, uploader_id: UUID, reading: Reading, now: datetime
    ) -> AsyncIterator[tuple[list[UUID], list[str]]]:
        """The files that are kept, and a line for each that is not. Those that then belong to nothing are removed."""
        kept, left_out = await self._take_in(schema, uploader_id, reading, now)
        try:
            yield kept, left_out
        finally:
            async with self._runtime.database.transaction(schema) as session:
                await discard_unattached(session, kept, now=now)

    async def _take_in(
        self, schema: TenantSchema, uploader_id: UUID, reading: Reading, now: datetime
    ) -> tuple[list[UUID], list[str]]:
        """The files that are kept, and a line for each that is not."""
        shelf = Shelf(
            storage=self._runtime.storage,
            inspector=self._runtime.inspector,
            schema=schema,
            origin="",
            begin=partial(self._runtime.database.transaction, schema),
        )
        kept: list[UUID] = []
        left_out: list[str] = []
        for file in reading.attachments[:_MOST_FILES]:
            try:
                kept.append((await take_in(shelf, uploader_id, file.name, file.data, now=now)).id)
            except (Refused, TierLimit, MediaFileLimit):
                left_out.append(_not_kept(file))
        return kept, left_out + [_not_kept(file) for file in reading.attachments[_MOST_FILES:]]

    async def _find(self, address: str, now: datetime) -> tuple[Tenant, Mailbox | None]:
        """The business that an address is of, and the mailbox, if it is a ticket's. Raises MailRefused."""
        local_part, _, domain = address.rpartition("@")
        if domain.lower() != self._domain:
            raise MailRefused(_UNKNOWN)
        box = mailboxes.read(self._runtime.keyring, local_part)
        try:
            if box is not None:
                return await self._runtime.hosts.require(box.tenant_id, now=now), box
            host = await self._runtime.hosts.resolve(f"{local_part}.{self._runtime.settings.root_domain}", now=now)
        except (TenantNotFound, TenantSuspended) as reason:
            raise MailRefused(_UNKNOWN) from reason
        if host.tenant is None:
            raise MailRefused(_UNKNOWN)
        return host.tenant, None


def _not_kept(file: Attached) -> str:
    return f"({file.name} came with the mail and was not kept.)"
