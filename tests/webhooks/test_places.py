from collections import Counter
from uuid import UUID

import pytest

from app.webhooks.places import (
    AHEAD,
    BATCH,
    MOST_PER_ENDPOINT,
    MOST_PER_PROCESS,
    MOST_PER_TENANT,
    Room,
    may_begin,
    room_for,
)

A, B, *OTHERS = (UUID(int=number) for number in range(20))


def fill(places: Counter[UUID], wanted: list[UUID], *, beside: int) -> None:
    """Begin as long as anything may begin: each of the wanted endpoints has no end of deliveries."""
    for endpoint in wanted:
        while may_begin(places[endpoint], places.total(), beside=beside):
            places[endpoint] += 1


class TestMayBegin:
    def test_a_quarter_of_what_the_others_leave(self) -> None:
        for beside, share in ((0, MOST_PER_TENANT), (100, 39)):
            places: Counter[UUID] = Counter()
            fill(places, [A, B, *OTHERS], beside=beside)
            assert share * 2 // 3 <= places.total() <= share

    @pytest.mark.parametrize("beside", [0, 60, 120])
    def test_a_third_is_kept_for_endpoints_that_nothing_is_sent_to(self, beside: int) -> None:
        places: Counter[UUID] = Counter()
        fill(places, [A, B, *OTHERS[:10]], beside=beside)
        assert not any(may_begin(count, places.total(), beside=beside) for count in places.values() if count)
        late = OTHERS[10:]
        fill(places, late, beside=beside)
        assert any(places[endpoint] for endpoint in late)

    def test_there_is_a_place_for_each_of_twenty_endpoints(self) -> None:
        places: Counter[UUID] = Counter()
        for endpoint in (A, B, *OTHERS):  # each takes what it can get, and keeps it, before the next one comes
            fill(places, [endpoint], beside=0)
            assert places[endpoint]

    def test_one_endpoint_has_eight_places(self) -> None:
        places: Counter[UUID] = Counter()
        fill(places, [A], beside=0)
        assert places.total() == MOST_PER_ENDPOINT

    def test_there_are_never_more_than_there_are_places(self) -> None:
        assert not may_begin(0, 0, beside=MOST_PER_PROCESS)
        assert not may_begin(0, 1, beside=MOST_PER_PROCESS - 1)
        assert may_begin(0, 0, beside=MOST_PER_PROCESS - 1)

    def test_tenants_that_hold_what_they_get_leave_room_for_one_more(self) -> None:
        tenants: list[Counter[UUID]] = []
        for _ in range(12):
            held = sum(tenant.total() for tenant in tenants)
            tenants.append(Counter())
            fill(tenants[-1], [A, B, *OTHERS], beside=held)
            assert tenants[-1].total()
        assert sum(tenant.total() for tenant in tenants) < MOST_PER_PROCESS

    def test_those_who_have_most_have_less_when_others_come(self) -> None:
        tenants: list[Counter[UUID]] = [Counter() for _ in range(9)]
        for _ in range(200):  # a place ends, of whoever has most, and all take what they can get
            most = max(tenants, key=Counter.total)
            if most.total():
                most[most.most_common(1)[0][0]] -= 1
            for tenant in tenants:
                beside = sum(other.total() for other in tenants if other is not tenant)
                fill(tenant, [A, B, *OTHERS], beside=beside)
        sizes = sorted(tenant.total() for tenant in tenants)
        assert sizes[-1] - sizes[0] <= 4
        assert MOST_PER_PROCESS - sum(sizes) >= 3 * sizes[0]


class TestRoomFor:
    def test_is_three_deliveries_for_each_place(self) -> None:
        share = AHEAD * MOST_PER_TENANT
        assert room_for(Counter(), beside=0) == Room(share - share // 3, BATCH, [])
        assert room_for(Counter({A: 4}), beside=100) == Room(117 - 117 // 3 - 4, BATCH, [])

    def test_leaves_out_endpoints_that_have_enough(self) -> None:
        assert room_for(Counter({A: 9, B: 8}), beside=0).except_for == [A]

    def test_keeps_a_third_for_endpoints_of_which_nothing_is_claimed(self) -> None:
        claimed = Counter(dict.fromkeys(OTHERS[:6], 24))
        assert room_for(claimed, beside=0) == Room(48, 1, OTHERS[:6])

    def test_is_nothing_where_there_are_no_places(self) -> None:
        assert room_for(Counter(), beside=MOST_PER_PROCESS).most == 0
        assert room_for(Counter({A: 3}), beside=MOST_PER_PROCESS - 1).most == 0
