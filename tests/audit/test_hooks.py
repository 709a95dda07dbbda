"""What older features leave in the trail."""

from typing import Any

from tests.actors import Business


async def entries(business: Business, event: str) -> list[dict[str, Any]]:
    answer = await business.owner.get("/api/v1/audit", params={"event": event})
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


class TestTokens:
    async def test_making_and_revoking_one(self, business: Business) -> None:
        made = await business.make("/tokens", {"name": "till", "mode": "live", "scopes": ["services:read"]})
        await business.owner.delete(f"/api/v1/tokens/{made['id']}")
        revoked, created = await entries(business, "token.*")
        assert [entry["event"] for entry in (created, revoked)] == ["token.created", "token.revoked"]
        assert {entry["object_id"] for entry in (created, revoked)} == {made["id"]}
        assert created["diff"] == {
            "name": {"from": None, "to": "till"},
            "hint": {"from": None, "to": made["hint"]},
            "mode": {"from": None, "to": "live"},
            "scopes": {"from": None, "to": ["services:read"]},
            "allowed_networks": {"from": None, "to": []},
        }
        assert (created["method"], created["route"]) == ("POST", "/api/v1/tokens")
        assert made["token"] not in str((created, revoked))


class TestWebhookEndpoints:
    async def test_adding_and_deleting_one(self, business: Business) -> None:
        body = {"url": "http://127.0.0.1:8009/hooks?key=a-secret", "events": ["appointment.created"]}
        made = await business.make("/webhook-endpoints", body)
        await business.owner.patch(f"/api/v1/webhook-endpoints/{made['id']}", json={"is_enabled": False})
        await business.owner.delete(f"/api/v1/webhook-endpoints/{made['id']}")
        deleted, switched_off, created = await entries(business, "webhook_endpoint.*")
        assert created["diff"] == {
            "host": {"from": None, "to": "127.0.0.1"},
            "events": {"from": None, "to": ["appointment.created"]},
            "is_enabled": {"from": None, "to": True},
        }
        assert switched_off["diff"] == {"is_enabled": {"from": True, "to": False}}
        assert (deleted["event"], deleted["object_id"]) == ("webhook_endpoint.deleted", made["id"])
        assert not [word for word in ("a-secret", made["secret"]) if word in str((created, deleted))]
