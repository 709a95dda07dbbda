"""Mail to tickets, from a socket to what the desk reads."""

import asyncio
from uuid import UUID

import aiosmtplib
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from app.core.clock import utcnow
from app.integrations.dns import DnsUnavailable
from app.integrations.smtp_server import MOST_RECIPIENTS, Delivered, taking_mail
from app.mail.outbox import unseal
from app.models.public import MailRow
from app.models.tenant import MediaFileRow
from app.tenancy.mode import Mode
from app.tickets import arrivals
from app.tickets.arrivals import MOST_FROM_ONE, MOST_TO_ONE
from app.tickets.mailboxes import Side
from app.workers.mailroom import Mailroom, mailroom
from tests.actors import Business
from tests.mail.incoming import samples
from tests.mail.incoming.test_authentication import key_of
from tests.media.samples import picture
from tests.tickets.conftest import TICKETS
from tests.workers.mailing import BODY, DOMAIN, Post, signed, taking, vouched, with_files, written


class TestReply:
    async def test_of_the_customer_goes_on(self, post: Post) -> None:
        guest, _ = await post.desk.guest()
        made = await post.desk.opened(guest.client)
        await post.desk.say(made, post.desk.business.owner, "Come by at four.")
        assert await post.send(written(guest.email), post.address(made)) == 250
        reply = (await post.said(made))[-1]
        assert (reply["author"], reply["author_id"], reply["body"]) == ("customer", guest.id, "Four is fine.")
        assert (reply["via"], reply["is_verified"]) == ("email", False)
        facts = {"sender": guest.email, "spf": "none", "dkim": "none", "whole": BODY.strip()}
        assert reply["mail"] == facts
        shown = (await guest.client.get(f"{TICKETS}/{made['id']}/messages")).json()["items"]
        assert shown[-1]["mail"] is None

    async def test_is_certain_where_the_domain_vouches_for_it(self, post: Post) -> None:
        customer = await post.desk.business.make("/customers", {"name": "Grace", "email": "Grace@Hopper.example"})
        made = await post.desk.opened(customer_id=customer["id"])
        raw = signed(written("grace@hopper.example"), "hopper.example")
        assert await post.send(raw, post.address(made)) == 250
        reply = (await post.said(made))[-1]
        assert (reply["author"], reply["author_name"], reply["author_id"]) == ("customer", "Grace", None)
        assert (reply["is_verified"], reply["mail"]["dkim"]) == (True, "pass")

    async def test_opens_again_what_was_over_and_is_an_event(self, post: Post) -> None:
        guest, _ = await post.desk.guest()
        made = await post.desk.opened(guest.client)
        await post.desk.business.owner.post(f"{TICKETS}/{made['id']}/status", json={"status": "closed"})
        assert await post.send(written(guest.email), post.address(made)) == 250
        assert (await post.desk.read(made))["status"] == "open"
        events = (await post.desk.business.owner.get("/api/v1/events", params={"limit": 100})).json()["items"]
        assert "ticket.replied" in {each["type"] for each in events}

    async def test_of_the_staff_needs_that_their_domain_vouches_for_it(self, post: Post) -> None:
        guest, _ = await post.desk.guest()
        member = await post.desk.member("tickets_all")
        made = await post.desk.opened(guest.client)
        raw = written(member.email, "We look into it.\n")
        assert await post.send(raw, post.address(made)) == 550
        assert len(await post.said(made)) == 1
        domain = member.email.rpartition("@")[2]
        records = key_of(domain)
        room = Mailroom(post.app.state.runtime, DOMAIN, lambda name, kind: records.get(name, {}).get(kind, []))
        async with taking_mail(room, "127.0.0.1", 0, DOMAIN) as port:
            certain = Post(post.app, post.desk, port)
            assert await certain.send(signed(raw, domain), post.address(made)) == 250
        reply = (await post.said(made))[-1]
        assert (reply["author"], reply["author_id"], reply["body"]) == ("staff", member.id, "We look into it.")

    async def test_of_the_staff_only_to_what_they_see(self, post: Post) -> None:
        member = await post.desk.member("tickets_own")
        made = await post.desk.opened()
        domain = member.email.rpartition("@")[2]
        records = key_of(domain)
        room = Mailroom(post.app.state.runtime, DOMAIN, lambda name, kind: records.get(name, {}).get(kind, []))
        async with taking_mail(room, "127.0.0.1", 0, DOMAIN) as port:
            raw = signed(written(member.email), domain)
            assert await Post(post.app, post.desk, port).send(raw, post.address(made)) == 550

    async def test_of_anybody_else_is_theirs_and_not_certain(self, post: Post) -> None:
        guest, _ = await post.desk.guest()
        made = await post.desk.opened(guest.client)
        assert await post.send(written("spouse@mail.example"), post.address(made)) == 250
        reply = (await post.said(made))[-1]
        assert (reply["author"], reply["author_id"], reply["author_name"]) == ("customer", None, "spouse@mail.example")
        assert reply["is_verified"] is False

    async def test_is_shown_as_it_came_where_nothing_was_cut_off(self, post: Post) -> None:
        guest, _ = await post.desk.guest()
        made = await post.desk.opened(guest.client)
        assert await post.send(written(guest.email, "Thank you.\n"), post.address(made)) == 250
        assert (await post.said(made))[-1]["mail"]["whole"] is None

    async def test_is_told_apart_from_one_of_somebody_else_that_has_its_id(self, post: Post) -> None:
        guest, _ = await post.desk.guest()
        made = await post.desk.opened(guest.client)
        for sender in ("spouse@mail.example", guest.email):
            assert await post.send(written(sender), post.address(made)) == 250
        assert len(await post.said(made)) == 3

    async def test_may_have_lines_as_long_as_programs_write_them(self, post: Post) -> None:
        guest, _ = await post.desk.guest()
        made = await post.desk.opened(guest.client)
        assert await post.send(written(guest.email, "four " * 4000), post.address(made)) == 250
        assert (await post.said(made))[-1]["body"].startswith("four four")

    async def test_comes_once(self, post: Post) -> None:
        guest, _ = await post.desk.guest()
        made = await post.desk.opened(guest.client)
        answers = await asyncio.gather(*[post.send(written(guest.email), post.address(made)) for _ in range(4)])
        assert answers == [250] * 4
        assert len(await post.said(made)) == 2

    async def test_comes_once_though_its_ticket_was_merged_meanwhile(self, post: Post) -> None:
        guest, _ = await post.desk.guest()
        one, other = await post.desk.opened(guest.client), await post.desk.opened(guest.client)
        assert await post.send(written(guest.email), post.address(one)) == 250
        await post.desk.business.owner.post(f"{TICKETS}/{one['id']}/merge", json={"into_id": other["id"]})
        assert await post.send(written(guest.email), post.address(one)) == 250
        assert [each["body"] for each in await post.said(other)].count("Four is fine.") == 1

    async def test_follows_a_ticket_that_was_merged(self, post: Post) -> None:
        guest, _ = await post.desk.guest()
        one, other = await post.desk.opened(guest.client), await post.desk.opened(guest.client)
        await post.desk.business.owner.post(f"{TICKETS}/{one['id']}/merge", json={"into_id": other["id"]})
        assert await post.send(written(guest.email), post.address(one)) == 250
        assert (await post.said(other))[-1]["body"] == "Four is fine."

    async def test_keeps_files_and_says_what_it_does_not_keep(self, post: Post) -> None:
        guest, _ = await post.desk.guest()
        made = await post.desk.opened(guest.client)
        raw = with_files(guest.email, [("before.png", picture()), ("run.exe", b"MZ\x90\x00" * 40)])
        assert await post.send(raw, post.address(made)) == 250
        reply = (await post.said(made))[-1]
        assert [each["file_name"] for each in reply["attachments"]] == ["before.png"]
        assert reply["body"] == "See.\n\n(run.exe came with the mail and was not kept.)"

    async def test_keeps_no_files_of_what_is_put_off_in_the_end(
        self, post: Post, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def too_late(*_of: object, **_more: object) -> None:
            raise arrivals.NotNow("There was no time for it.")

        guest, _ = await post.desk.guest()
        made = await post.desk.opened(guest.client)
        monkeypatch.setattr(arrivals, "take", too_late)
        raw = with_files(guest.email, [("before.png", picture())])
        assert await post.send(raw, post.address(made)) == 451
        tenant = await post.app.state.hosts.require(UUID(post.desk.business.id), now=utcnow())
        async with post.app.state.database.transaction(tenant.schema(Mode.LIVE)) as session:
            assert set(await session.scalars(select(MediaFileRow.status))) == {"deleted"}

    async def test_names_the_mail_that_it_answers(self, post: Post) -> None:
        customer = await post.desk.business.make("/customers", {"name": "Grace", "email": "grace@hopper.example"})
        made = await post.desk.opened(customer_id=customer["id"])
        await post.send(written("grace@hopper.example"), post.address(made))
        await post.desk.say(made, post.desk.business.owner, "See you.")
        async with post.app.state.database.transaction() as session:
            query = select(MailRow.sealed).where(
                MailRow.tenant_id == UUID(post.desk.business.id), MailRow.recipient == "grace@hopper.example"
            )
            rows = (await session.scalars(query.order_by(MailRow.created_at, MailRow.id))).all()
        last = unseal(post.app.state.runtime.keyring, rows[-1] or "")
        assert last.headers["In-Reply-To"] == "<m1@hopper.example>"


class TestSides:
    async def test_an_answer_to_a_note_is_one(self, post: Post) -> None:
        guest, _ = await post.desk.guest()
        member = await post.desk.member("tickets_all")
        made = await post.desk.opened(guest.client)
        body = "I agree.\n\nOn Mon, Nov 23, 2026 Ada wrote:\n> canary-4711, between us\nYes.\n> and this?\nNo.\n"
        async with post.vouched_for(member.email) as certain:
            raw = signed(written(member.email, body), member.email.rpartition("@")[2])
            assert await certain.send(raw, post.address(made, side=Side.NOTES)) == 250
        note = (await post.said(made))[-1]
        assert (note["kind"], note["author_id"], note["via"]) == ("note", member.id, "email")
        assert "canary-4711" not in str(await post.desk.heard(made, guest.client))
        assert not [mail for mail in await post.letters(guest.email) if "canary-4711" in mail.text + mail.html]

    async def test_no_customer_notes_anything(self, post: Post) -> None:
        guest, _ = await post.desk.guest()
        made = await post.desk.opened(guest.client)
        for sender in (guest.email, "stranger@mail.example"):
            assert await post.send(written(sender), post.address(made, side=Side.NOTES)) == 550
        assert len(await post.said(made)) == 1

    async def test_no_stranger_answers_what_went_to_the_staff(self, post: Post) -> None:
        guest, _ = await post.desk.guest()
        made = await post.desk.opened(guest.client)
        assert await post.send(written("private@mail.example"), post.address(made, side=Side.STAFF)) == 550
        assert await post.send(written(guest.email), post.address(made, side=Side.STAFF)) == 250
        assert [each["author_id"] for each in await post.said(made)] == [guest.id] * 2


class TestConversation:
    async def test_goes_to_and_fro_by_mail_alone(self, post: Post) -> None:
        guest, _ = await post.desk.guest()
        owner = post.desk.business.email
        asked = vouched(written(guest.email, "Is four fine?", message_id="<ask@hopper.example>"))
        assert await post.send(asked, f"{post.desk.business.slug}@{DOMAIN}") == 250
        (received,), news = await post.sent(guest.email), (await post.sent(owner))[-1]
        assert received["In-Reply-To"] == news["In-Reply-To"] == "<ask@hopper.example>"
        assert [received["Auto-Submitted"], news["Auto-Submitted"]] == ["auto-replied", "auto-generated"]
        assert "Is four fine?" in news.as_string()
        async with post.vouched_for(owner) as certain:
            answer = signed(written(owner, "It is.", message_id="<yes@salon.example>"), owner.rpartition("@")[2])
            assert await certain.send(answer, news["Reply-To"]) == 250
        reply = (await post.sent(guest.email))[-1]
        assert reply["References"].split() == ["<ask@hopper.example>", "<yes@salon.example>"]
        thanks = written(guest.email, "Thank you.", message_id="<thanks@hopper.example>")
        assert await post.send(thanks, reply["Reply-To"]) == 250
        (made,) = await post.tickets()
        assert [each["body"] for each in await post.said(made)] == ["Is four fine?", "It is.", "Thank you."]

    async def test_has_an_address_for_each_side(self, post: Post) -> None:
        guest, _ = await post.desk.guest()
        owner = post.desk.business.email
        made = await post.desk.opened(guest.client)
        member = await post.desk.member("tickets_all")
        await post.send(written(guest.email), post.address(made))
        async with post.vouched_for(member.email) as certain:
            noted = written(member.email, "A note.", message_id="<n1@salon.example>")
            await certain.send(signed(noted, member.email.rpartition("@")[2]), post.address(made, side=Side.NOTES))
        assert [mail["Reply-To"] for mail in (await post.sent(owner))[-2:]] == [
            post.address(made, side=Side.STAFF),
            post.address(made, side=Side.NOTES),
        ]

    async def test_ends_where_our_own_mails_come_back(self, post: Post) -> None:
        guest, _ = await post.desk.guest()
        await post.send(vouched(written(guest.email)), f"{post.desk.business.slug}@{DOMAIN}")
        (received,) = await post.sent(guest.email)
        for sender in ("", "no-reply@localhost", guest.email):
            assert await post.send(received.as_bytes(), received["Reply-To"], sender=sender) == 550
        (made,) = await post.tickets()
        assert len(await post.said(made)) == 1


class TestNewTicket:
    async def test_of_a_customer(self, post: Post) -> None:
        guest, customer = await post.desk.guest()
        address = f"{post.desk.business.slug}@{DOMAIN}"
        raw = vouched(written(guest.email, "It has faded.\n", subject="=?utf-8?q?M=C3=BCde_Farbe?="))
        assert [await post.send(raw, address) for _ in range(2)] == [250, 250]
        (made,) = await post.tickets()
        assert (made["subject"], made["customer_id"], made["opened_by"]) == ("Müde Farbe", customer, "customer")
        assert [each["body"] for each in await post.said(made)] == ["It has faded."]

    async def test_of_nobody_whose_domain_does_not_vouch_for_it(self, post: Post) -> None:
        guest, _ = await post.desk.guest()
        assert await post.send(written(guest.email), f"{post.desk.business.slug}@{DOMAIN}") == 550
        assert await post.tickets() == []
        assert await post.letters(guest.email) == []

    async def test_of_nobody_else(self, post: Post) -> None:
        address = f"{post.desk.business.slug}@{DOMAIN}"
        assert await post.send(vouched(written("stranger@people.example")), address) == 550
        assert await post.send(written("stranger@mail.example"), address) == 550
        assert await post.tickets() == []


class TestRefusals:
    async def test_of_addresses_that_there_are_not(self, post: Post, other_business: Business) -> None:
        made = await post.desk.opened()
        forged = post.address(made).replace(post.address(made)[10], "q" if post.address(made)[10] != "q" else "r")
        for address in (forged, f"nobody@{DOMAIN}", "grace@elsewhere.example", f"platform@{DOMAIN}", f"@{DOMAIN}"):
            assert await post.send(written("grace@hopper.example"), address) in {550, 553, 501}, address
        theirs = post.address(made, other_business)  # signed, and of a ticket that is not there
        assert await post.send(written("grace@hopper.example"), theirs) == 550

    @pytest.mark.parametrize(
        "raw", [samples.VACATION, samples.BOUNCE, samples.NEWSLETTER, b"not a mail", samples.many_parts(200)]
    )
    async def test_of_machines_and_of_what_is_none(self, post: Post, raw: bytes) -> None:
        made = await post.desk.opened()
        assert await post.send(raw, post.address(made)) == 550
        assert len(await post.said(made)) == 1

    async def test_of_bounces(self, post: Post) -> None:
        made = await post.desk.opened()
        assert await post.send(samples.GMAIL, post.address(made), sender="") == 550

    async def test_of_our_own_mails(self, post: Post) -> None:
        guest, _ = await post.desk.guest()
        made = await post.desk.opened(guest.client)
        own = written(guest.email, message_id=f"<x@{DOMAIN}>")
        assert await post.send(own, post.address(made)) == 550
        assert await post.send(written(guest.email, X_Loop="x"), post.address(made)) == 550

    async def test_of_two_machines_that_talk(self, post: Post) -> None:
        guest, _ = await post.desk.guest()
        made = await post.desk.opened(guest.client)
        codes = [
            await post.send(written(guest.email, message_id=f"<{number}@hopper.example>"), post.address(made))
            for number in range(MOST_FROM_ONE + 1)
        ]
        assert codes == [250] * MOST_FROM_ONE + [451]
        certain = vouched(written(guest.email, message_id="<certain@people.example>"))
        assert await post.send(certain, post.address(made)) == 250

    async def test_of_machines_that_call_themselves_by_ever_new_names(self, post: Post) -> None:
        made = await post.desk.opened()
        codes = []
        for number in range(MOST_TO_ONE + 1):
            raw = written(f"robot{number}@mail.example", message_id=f"<{number}@hopper.example>")
            codes.append(await post.send(raw, post.address(made)))
        assert codes == [250] * MOST_TO_ONE + [451]

    async def test_of_one_recipient_keeps_it_from_no_other(self, post: Post, other_business: Business) -> None:
        made = await post.desk.opened()
        nowhere = post.address({"number": 2**31 - 1}, other_business)
        assert await post.send(written("a@b.example"), nowhere, post.address(made)) == 550
        assert len(await post.said(made)) == 2

    async def test_of_more_recipients_than_a_person_has(self, post: Post) -> None:
        addresses = [post.address(await post.desk.opened()) for _ in range(MOST_RECIPIENTS + 1)]
        assert await post.send(written("a@b.example"), *addresses) == 250
        assert [len(await post.said(ticket)) for ticket in (await post.tickets())].count(2) == MOST_RECIPIENTS


class TestOutage:
    async def test_of_the_dns_leaves_open_whose_it_is(self, post: Post) -> None:
        guest, _ = await post.desk.guest()
        made = await post.desk.opened(guest.client)

        def broken(name: str, kind: str) -> list[str]:
            raise DnsUnavailable(f"{name} {kind}")

        async with taking_mail(Mailroom(post.app.state.runtime, DOMAIN, broken), "127.0.0.1", 0, DOMAIN) as port:
            assert await Post(post.app, post.desk, port).send(written(guest.email), post.address(made)) == 250
        assert (await post.said(made))[-1]["mail"]["spf"] == "temperror"

    async def test_of_the_dns_puts_off_who_says_they_work_there(self, post: Post) -> None:
        member = await post.desk.member("tickets_all")
        made = await post.desk.opened()

        def broken(name: str, kind: str) -> list[str]:
            raise DnsUnavailable(f"{name} {kind}")

        async with taking_mail(Mailroom(taking(post.app), DOMAIN, broken), "127.0.0.1", 0, DOMAIN) as port:
            assert await Post(post.app, post.desk, port).send(written(member.email), post.address(made)) == 451
        assert len(await post.said(made)) == 1

    async def test_of_ours_puts_mail_off(self, post: Post) -> None:
        class Broken(Mailroom):
            async def take(self, mail: Delivered) -> None:
                raise OSError(mail.sender)

        made = await post.desk.opened()
        room = Broken(post.app.state.runtime, DOMAIN, lambda _name, _kind: [])
        async with taking_mail(room, "127.0.0.1", 0, DOMAIN) as port:
            assert await Post(post.app, post.desk, port).send(written("a@b.example"), post.address(made)) == 451


class TestWorker:
    async def test_takes_mail_where_it_is_switched_on(self, app: FastAPI) -> None:
        async with mailroom(taking(app)) as port:
            assert port
            client = aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False)
            await client.connect()
            await client.quit()
        async with mailroom(app.state.runtime) as port:
            assert port is None
