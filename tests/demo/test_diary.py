"""The demo's diary, for days all over the year: whatever is made up must be possible."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import combinations
from random import Random
from zoneinfo import ZoneInfo

import pytest

from app.demo import diary
from app.demo.description import Shop, weekly
from app.demo.garage import GARAGE
from app.demo.salon import SALON
from app.demo.today import Today
from app.scheduling.lifecycle import Status
from app.scheduling.opening_hours import Interval, WeeklyRule, expand

# Around both changes of the clocks, at a year's end, and at every time of day.
DAYS = [datetime(2026, 3, 28, tzinfo=UTC) + timedelta(days=41 * n, hours=5 * n) for n in range(9)]


def calendars_of(shop: Shop, now: datetime) -> dict[str, diary.Calendar]:
    today = Today(now, ZoneInfo(shop.timezone))
    return {
        asset.name: diary.Calendar(
            expand(
                [WeeklyRule(each.weekday, each.start, each.end) for each in weekly(asset.hours)],
                [],
                today.zone,
                *today.span,
            )
        )
        for asset in shop.assets
    }


def write(shop: Shop, now: datetime, calendars: Mapping[str, diary.Calendar]) -> list[diary.Entry]:
    chance = Random(str(now))  # noqa: S311 — the same day has to give the same diary
    seconds = int(now.timestamp())
    return diary.write(shop.treatments, calendars, customers=shop.customers, now=seconds, chance=chance)


def overlap(one: Interval, other: Interval) -> bool:
    return one[0] < other[1] and other[0] < one[1]


@pytest.mark.parametrize("now", DAYS, ids=str)
@pytest.mark.parametrize("shop", [SALON, GARAGE], ids=lambda shop: shop.slug)
class TestWrite:
    def test_keeps_everybody_apart_with_buffers(self, shop: Shop, now: datetime) -> None:
        calendars = calendars_of(shop, now)
        write(shop, now, calendars)
        for calendar in calendars.values():
            assert not any(overlap(one, other) for one, other in combinations(calendar.busy, 2))

    def test_stays_within_everybodys_hours(self, shop: Shop, now: datetime) -> None:
        calendars = calendars_of(shop, now)
        for entry in write(shop, now, calendars):
            for asset in entry.assets:
                assert any(opens <= entry.start and entry.end <= closes for opens, closes in calendars[asset].windows)

    def test_takes_one_asset_of_each_pool(self, shop: Shop, now: datetime) -> None:
        for entry in write(shop, now, calendars_of(shop, now)):
            assert all(asset in pool for asset, pool in zip(entry.assets, entry.treatment.needs, strict=True))

    def test_gives_each_entry_a_status_that_fits_the_time(self, shop: Shop, now: datetime) -> None:
        seconds = int(now.timestamp())
        for entry in write(shop, now, calendars_of(shop, now)):
            is_over, has_begun = entry.end <= seconds, entry.start <= seconds
            expected = {
                Status.COMPLETED: is_over,
                Status.NO_SHOW: is_over,
                Status.CHECKED_IN: has_begun and not is_over,
                Status.CONFIRMED: not has_begun,
                Status.PENDING: not has_begun and entry.treatment.requires_approval,
                Status.CANCELLED: True,
            }
            assert expected[entry.status]
            assert entry.booked <= entry.changed <= seconds
            assert entry.booked <= entry.start - entry.treatment.notice_minutes * 60

    def test_is_as_full_as_a_business_that_goes_well(self, shop: Shop, now: datetime) -> None:
        calendars = calendars_of(shop, now)
        entries = write(shop, now, calendars)
        assert {Status.COMPLETED, Status.CONFIRMED, Status.CANCELLED, Status.NO_SHOW} <= {
            each.status for each in entries
        }
        leads = {name for treatment in shop.treatments for name in treatment.needs[0]}
        for name in leads:
            served = sum(end - start for start, end in calendars[name].busy)
            assert 0.3 < served / sum(closes - opens for opens, closes in calendars[name].windows) < 0.9

    def test_is_the_same_for_the_same_day(self, shop: Shop, now: datetime) -> None:
        assert write(shop, now, calendars_of(shop, now)) == write(shop, now, calendars_of(shop, now))
