"""How many requests each caller may make: an API token as its business's tier says, everybody else alike."""

from dataclasses import dataclass

from app.auth.principals import Principal
from app.auth.throttle import address_of
from app.core.gcra import Quota, Standing, whole_seconds
from app.errors import RateLimited
from app.integrations.buckets import Buckets
from app.subscriptions.tiers import TierDirectory

POLICY = "default"


@dataclass(frozen=True, slots=True)
class Counted:
    """What became of a request, and the quota that it was counted against."""

    quota: Quota
    standing: Standing

    def headers(self) -> dict[str, str]:
        """As the IETF's draft 10 of RateLimit header fields has them: the quota, what remains, until it is whole."""
        quota, standing = self.quota, self.standing
        return {
            "RateLimit-Policy": f'"{POLICY}";q={quota.requests};w={quota.seconds}',
            "RateLimit": f'"{POLICY}";r={standing.remaining};t={whole_seconds(standing.full_after)}',
        }

    def require(self) -> None:
        """Raise RateLimited if this request is one too many."""
        if not self.standing.is_allowed:
            raise RateLimited(
                "{quota} requests are allowed in {window} seconds.",
                retry_after=whole_seconds(self.standing.retry_after),
                quota=self.quota.requests,
                window=self.quota.seconds,
            )


@dataclass(frozen=True, slots=True)
class RateLimits:
    """Counts requests, each in one bucket: of the token, of the person, or of the address nobody is known at."""

    buckets: Buckets
    tiers: TierDirectory
    of_session: Quota
    of_address: Quota

    async def count(self, caller: Principal | None, ip_address: str | None) -> Counted:
        """Count a request. Whoever acts in another's place spends their own quota."""
        quota = await self._quota(caller)
        return Counted(quota, await self.buckets.charge(_bucket(caller, ip_address), quota))

    async def _quota(self, caller: Principal | None) -> Quota:
        if caller is None:
            return self.of_address
        if caller.token_id is None or caller.tenant is None:
            return self.of_session
        tiers = await self.tiers.all()
        return Quota(tiers[caller.tenant.subscription_tier].api_requests_per_minute)


def _bucket(caller: Principal | None, ip_address: str | None) -> str:
    if caller is None:
        return f"requests:address:{address_of(ip_address)}"
    tenant = caller.tenant.id if caller.tenant else "platform"
    if caller.token_id is not None:
        return f"requests:{tenant}:{caller.mode}:token:{caller.token_id}"
    return f"requests:{tenant}:user:{caller.actor.user_id if caller.actor else caller.user_id}"
