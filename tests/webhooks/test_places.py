from uuid import UUID

import pytest

from app.webhooks.places import BATCH, MOST_PER_ENDPOINT, MOST_PER_PROCESS, MOST_PER_TENANT, Room, room_for

A, B, *OTHERS = (UUID(int=number) for number in range(20))


def fill(places: list[UUID], wanted: list[UUID], *, beside: int) -> None:
    """Claim as often as there is anything to claim: each of the wanted endpoints has no end of deliveries."""
    while True:
        room = room_for(places, beside=beside)
        able = [each for each in wanted if each not in room.except_for]
        claimed = [each for each in able for _ in range(room.most_per_endpoint)][: room.most]
        if not claimed:
            return
        places += claimed


class TestRoomFor:
    def test_is_a_quarter_of_what_the_others_leave(self) -> None:
        assert room_for([], beside=0).most + MOST_PER_TENANT // 3 == MOST_PER_TENANT == 64
        assert room_for([A] * 4, beside=100) == Room(39 - 39 // 3 - 4, BATCH, [])

    def test_leaves_out_endpoints_that_have_no_place_left(self) -> None:
        assert room_for([A] * 5 + [B] * 4, beside=0).except_for == [A]

    @pytest.mark.parametrize("beside", [0, 60, 120])
    def test_keeps_a_third_for_endpoints_that_nothing_is_sent_to(self, beside: int) -> None:
        places: list[UUID] = []
        fill(places, [A, B, *OTHERS[:10]], beside=beside)
        room = room_for(places, beside=beside)
        assert (room.most_per_endpoint, set(room.except_for)) == (1, set(places))
        late = OTHERS[10:]
        fill(places, late, beside=beside)
        assert set(late) & set(places)

    def test_has_a_place_for_each_of_twenty_endpoints(self) -> None:
        places: list[UUID] = []
        for endpoint in (A, B, *OTHERS):  # each takes what it can get, and keeps it, before the next one comes
            fill(places, [endpoint], beside=0)
            assert endpoint in places

    def test_one_endpoint_has_eight_places(self) -> None:
        places: list[UUID] = []
        fill(places, [A], beside=0)
        assert len(places) == MOST_PER_ENDPOINT

    def test_is_never_more_than_there_are_places(self) -> None:
        assert room_for([], beside=MOST_PER_PROCESS).most == 0
        assert room_for([A], beside=MOST_PER_PROCESS - 1).most == 0
        assert room_for([], beside=MOST_PER_PROCESS - 1) == Room(1, BATCH, [])

    def test_tenants_that_hold_what_they_get_leave_room_for_one_more(self) -> None:
        tenants: list[list[UUID]] = []
        for _ in range(12):
            held = sum(map(len, tenants))
            tenants.append([])
            fill(tenants[-1], [A, B, *OTHERS], beside=held)
            assert tenants[-1]
        assert sum(map(len, tenants)) < MOST_PER_PROCESS

    def test_shrinks_for_those_who_have_most_when_others_come(self) -> None:
        tenants: list[list[UUID]] = [[] for _ in range(9)]
        for _ in range(200):  # a place ends, of whoever has most, and all take what they can get
            max(tenants, key=len)[:] = max(tenants, key=len)[1:]
            for tenant in tenants:
                fill(tenant, [A, B, *OTHERS], beside=sum(map(len, tenants)) - len(tenant))
        sizes = sorted(map(len, tenants))
        assert sizes[-1] - sizes[0] <= 4
        assert MOST_PER_PROCESS - sum(sizes) >= 3 * sizes[0]
