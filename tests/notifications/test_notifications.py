from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from pydantic import ValidationError

from app.core.clock import utcnow
from app.core.ids import uuid7
from app.notifications.inbox import counting_unread, notify
from app.notifications.kinds import NOTICES, NotificationKind, notice_of
from tests.actors import Business, Platform

INBOX = "/api/v1/notifications"
ME = "/api/v1/me"

_TICKET = {"ticket_id": "01980d3f-9a4e-7c1e-8b52-3f6a1c0d9e77", "number": 7, "subject": "The bill"}
EXAMPLES: dict[NotificationKind, dict[str, Any]] = {
    NotificationKind.NEW_DEVICE: {"device": "Firefox on Linux", "place": "Berlin, Germany", "ip_address": "192.0.2.7"},
    NotificationKind.PASSWORD_CHANGED: {},
    NotificationKind.EMAIL_CHANGED: {"email": "ada@lovelace.example"},
    NotificationKind.SECOND_FACTOR_CHANGED: {"change": "totp_added"},
    NotificationKind.GRANT_GIVEN: {
        "permission": "customers:write",
        "grantor": "Olga",
        "reason": "Holiday",
        "expires_at": "2026-11-24T12:00:00Z",
    },
    NotificationKind.GRANT_REVOKED: {"permission": "customers:write", "revoker": "Olga"},
    NotificationKind.MASQUERADED: {"actor": "Sue of the support", "reason": "Ticket 7"},
    NotificationKind.ROLE_CHANGED: {"role": "TENANT_MANAGER", "previous_role": "TENANT_STAFF"},
    NotificationKind.DEMO_EXPIRING: {"expires_at": "2026-11-30T12:00:00Z"},
    NotificationKind.WEBHOOK_FAILING: {"host": "hooks.example.com", "ends_at": "2026-11-30T12:00:00Z"},
    NotificationKind.WEBHOOK_DISABLED: {"host": "hooks.example.com", "reason": "The endpoint answered 410 Gone."},
    NotificationKind.PLATFORM_TICKET_REPLIED: {
        "ticket_id": "01980d3f-9a4e-7c1e-8b52-3f6a1c0d9e77",
        "number": 47110815,
        "subject": "The bill",
    },
    NotificationKind.SUPPORT_TICKET: {
        "ticket_id": "01980d3f-9a4e-7c1e-8b52-3f6a1c0d9e77",
        "number": 47110815,
        "subject": "The bill",
        "business": "Salon Sol",
        "change": "opened",
    },
    NotificationKind.DOMAIN_CHANGED: {"hostname": "book.example.com", "status": "failed", "problem": "txt-missing"},
    NotificationKind.TICKET_ASSIGNED: _TICKET | {"assigner": "Olga"},
    NotificationKind.TICKET_NEWS: _TICKET | {"author": "Grace Hopper", "what": "replied"},
    NotificationKind.TICKET_OVERDUE: _TICKET,
}


async def user_of(business: Business) -> UUID:
    """The owner's id."""
    return UUID((await business.owner.get(ME)).json()["user"]["id"])


async def tell(app: FastAPI, business: Business, *emails: str, is_sandbox: bool = False) -> None:
    """Tell the owner that their address changed, once for each."""
    user_id = await user_of(business)
    for email in emails:
        async with app.state.database.transaction() as session:
            data = {"email": email}
            notify(session, user_id, NotificationKind.EMAIL_CHANGED, data, now=utcnow(), is_sandbox=is_sandbox)


async def read(business: Business, **params: Any) -> list[dict[str, Any]]:
    """The owner's inbox."""
    answer = await business.owner.get(INBOX, params=params)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def waiting(app: FastAPI, business: Business) -> int:
    """How many the owner has not read."""
    user_id = await user_of(business)
    async with app.state.database.transaction() as session:
        return await session.scalar(counting_unread(user_id)) or 0


class TestNotify:
    async def test_is_read_in_words(self, app: FastAPI, business: Business) -> None:
        await tell(app, business, "ada@lovelace.example")
        (item,) = await read(business)
        assert UUID(item.pop("id")).version == 7
        assert item.pop("created_at")
        assert item == {
            "kind": "email_changed",
            "title": "Your e-mail address was changed",
            "text": "You log in with ada@lovelace.example from now on.",
            "data": {"email": "ada@lovelace.example"},
            "link": None,
            "count": 1,
            "read_at": None,
        }

    async def test_is_undone_with_its_transaction(self, app: FastAPI, business: Business) -> None:
        user_id = await user_of(business)
        with pytest.raises(ZeroDivisionError):
            async with app.state.database.transaction() as session:
                notify(session, user_id, NotificationKind.PASSWORD_CHANGED, {}, now=utcnow())
                raise ZeroDivisionError
        assert await read(business) == []

    @pytest.mark.parametrize("kind", NotificationKind)
    def test_each_kind_has_its_words(self, kind: NotificationKind) -> None:
        notice = notice_of(kind, EXAMPLES[kind])
        assert notice.title
        assert notice.text().endswith((".", "Holiday", "Ticket 7", ": The bill"))

    def test_each_kind_is_one_of_its_own(self) -> None:
        assert set(NOTICES) == set(NotificationKind)
        assert len(set(NOTICES.values())) == len(NOTICES)

    @pytest.mark.parametrize("data", [{}, {"email": None}, {"email": "a@b.example", "more": 1}])
    def test_refuses_data_of_another_kind(self, data: dict[str, Any]) -> None:
        with pytest.raises(ValidationError):
            notice_of(NotificationKind.EMAIL_CHANGED, data)


class TestListNotifications:
    async def test_pages_from_the_newest(self, app: FastAPI, business: Business) -> None:
        await tell(app, business, "one@example.com", "two@example.com", "three@example.com")
        first = (await business.owner.get(INBOX, params={"limit": 2})).json()
        rest = (await business.owner.get(INBOX, params={"limit": 2, "cursor": first["next_cursor"]})).json()
        addresses = [item["data"]["email"] for item in first["items"] + rest["items"]]
        assert addresses == ["three@example.com", "two@example.com", "one@example.com"]

    async def test_filters_by_what_is_unread(self, app: FastAPI, business: Business) -> None:
        await tell(app, business, "one@example.com", "two@example.com")
        newest, oldest = await read(business)
        await business.owner.post(f"{INBOX}/{oldest['id']}/read")
        assert [item["id"] for item in await read(business, unread=True)] == [newest["id"]]
        assert [item["id"] for item in await read(business, unread=False)] == [oldest["id"]]

    async def test_shows_everybody_their_own(
        self, app: FastAPI, business: Business, other_business: Business, platform: Platform
    ) -> None:
        await tell(app, business, "one@example.com")
        assert await read(other_business) == []
        assert (await platform.superuser.get(INBOX)).status_code == 200

    async def test_keeps_the_sandbox_apart(self, app: FastAPI, business: Business) -> None:
        await tell(app, business, "one@example.com", is_sandbox=True)
        assert await read(business) == []
        sandbox = business.in_sandbox()
        (item,) = (await sandbox.get(INBOX)).json()["items"]
        for client, unread in ((business.owner, 0), (sandbox, 1)):
            assert (await client.get(ME)).json()["unread"] == {"notifications": unread}
        assert (await business.owner.post(f"{INBOX}/{item['id']}/read")).json()["code"] == "notification-not-found"
        assert (await business.owner.post(f"{INBOX}/read-all")).status_code == 204
        assert await waiting(app, business) == 1
        assert (await sandbox.post(f"{INBOX}/read-all")).status_code == 204
        assert await waiting(app, business) == 0

    async def test_is_for_people(self, business: Business) -> None:
        token = await business.client("customers:read")
        answer = await token.get(INBOX)
        assert (answer.status_code, answer.json()["code"]) == (403, "in-person-only")
        assert (await business.anonymous.get(INBOX)).status_code == 401


class TestMarkRead:
    async def test_counts_the_first_time(self, app: FastAPI, business: Business) -> None:
        await tell(app, business, "one@example.com")
        (item,) = await read(business)
        first = (await business.owner.post(f"{INBOX}/{item['id']}/read")).json()
        assert first["read_at"] is not None
        assert (await business.owner.post(f"{INBOX}/{item['id']}/read")).json() == first
        assert await waiting(app, business) == 0

    async def test_somebody_elses_is_not_found(
        self, app: FastAPI, business: Business, other_business: Business
    ) -> None:
        await tell(app, business, "one@example.com")
        (item,) = await read(business)
        for notification_id in (item["id"], uuid7()):
            answer = await other_business.owner.post(f"{INBOX}/{notification_id}/read")
            assert (answer.status_code, answer.json()["code"]) == (404, "notification-not-found")
        assert await waiting(app, business) == 1


class TestMarkAllRead:
    async def test_leaves_none_unread_and_the_others_theirs(
        self, app: FastAPI, business: Business, other_business: Business
    ) -> None:
        await tell(app, business, "one@example.com", "two@example.com")
        await tell(app, other_business, "three@example.com")
        assert await waiting(app, business) == 2
        assert (await business.owner.post(f"{INBOX}/read-all")).status_code == 204
        assert await waiting(app, business) == 0
        assert await waiting(app, other_business) == 1
