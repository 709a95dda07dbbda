"""Whatever others have written is text on a page, and nothing else."""

from fastapi import FastAPI
from sqlalchemy import update

from app.auth.roles import Role
from app.core.clock import utcnow
from app.integrations.queue_state import Failure
from app.models.public import TenantRow, UserRow
from tests.actors import Platform
from tests.admin.conftest import Hire
from tests.admin.office import Office
from tests.admin.test_grants import lend

CANARY = "<img src=x onerror=alert(1)>\"'><script>alert(1)</script>{{7*7}}"
REASON = f"{CANARY} is why"


class TestCanary:
    async def test_is_shown_as_it_was_written(
        self, superuser: Office, hire: Hire, platform: Platform, app: FastAPI
    ) -> None:
        business = await platform.sign_up(name=CANARY)
        sales = await hire(Role.PLATFORM_SALES)
        owner = (await business.owner.get("/api/v1/me")).json()["user"]["id"]
        async with app.state.database.transaction() as session:
            await session.execute(update(UserRow).where(UserRow.id.in_([owner, sales.user_id])).values(name=CANARY))
        await lend(superuser, sales, "audit:read", reason=REASON)
        await app.state.runtime.queue.keep_failure(Failure(CANARY, CANARY, 1, utcnow(), CANARY))
        await superuser.post(f"/users/{sales.user_id}/masquerade", reason=REASON)
        asked = {"subject": CANARY, "body": CANARY}
        ticket = (await business.make("/platform-tickets", asked))["id"]
        masked = await superuser.open("/")
        await superuser.post("/end-masquerade")
        superuser.client.headers["User-Agent"] = CANARY
        pages = [masked, await superuser.post(f"/users/{owner}/masquerade", reason=REASON)] + [
            await superuser.open(path)
            for path in (
                f"/tenants?q={business.slug}",
                f"/tenants/{business.id}",
                f"/users?tenant_id={business.id}",
                f"/users/{owner}",
                "/grants",
                f"/audit?tenant_id={business.id}",
                "/audit",
                f"/audit?object_id={'%3Cscript%3Ealert(1)%3C/script%3E'}",
                f"/webhooks/{business.id}",
                f"/tickets?q={business.slug}",
                f"/tickets/{ticket}",
                "/jobs",
                "/tenants?q=%3Cscript%3Ealert(1)%3C/script%3E&sort=%22%3E%3Cscript%3E",
                "/login?next=%22%3E%3Cscript%3Ealert(1)%3C/script%3E",
                "/tiers/%3Cscript%3Ealert(1)%3C%2Fscript%3E",
            )
        ]
        for page in pages:
            assert "<script>" not in page.text, page.url
            assert "<img" not in page.text, page.url
            assert "49" not in page.text.partition("{{7")[2][:8], page.url
        assert sum("&lt;img src=x onerror=alert(1)&gt;" in page.text for page in pages) >= 8
        async with app.state.database.transaction() as session:
            await session.execute(update(TenantRow).where(TenantRow.name == CANARY).values(name="Plain"))
