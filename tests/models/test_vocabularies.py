"""The words that a column's CHECK allows are those that the floors above have names for."""

from collections.abc import Iterable
from typing import get_args

import pytest

from app.auth.roles import Role
from app.businesses.schemas import SubscriptionTier, TenantStatus
from app.models.public import platform_ticket, tenant, user
from app.models.tenant import appointment, resource, service, webhook_delivery
from app.scheduling.availability import Alignment
from app.scheduling.lifecycle import FOLLOWERS, Status
from app.scheduling.schemas.resources import ResourceKind
from app.support.desk_schemas import Category, Priority
from app.support.vocabulary import Impact, Topic
from app.tickets.lifecycle import TicketStatus
from app.webhooks.schemas import DeliveryStatus


class TestVocabulary:
    @pytest.mark.parametrize(
        ("stored", "named"),
        [
            (user.PLATFORM_ROLES, [role for role in Role if role.is_platform]),
            (user.TENANT_ROLES, [role for role in Role if not role.is_platform]),
            (tenant.STATUSES, get_args(TenantStatus)),
            (tenant.TIERS, SubscriptionTier),
            (platform_ticket.STATUSES, TicketStatus),
            (platform_ticket.PRIORITIES, get_args(Priority)),
            (platform_ticket.TOPICS, Topic),
            (platform_ticket.CATEGORIES, Category),
            (platform_ticket.IMPACTS, Impact),
            (appointment.STATUSES, Status),
            (appointment.STATUSES, FOLLOWERS),
            (resource.KINDS, get_args(ResourceKind)),
            (service.ALIGNMENTS, Alignment),
            (webhook_delivery.STATUSES, get_args(DeliveryStatus)),
        ],
    )
    def test_is_the_same_in_the_table_and_in_the_code(self, stored: Iterable[str], named: Iterable[str]) -> None:
        assert sorted(stored) == sorted(named)
