from uuid import UUID

from app.scheduling.availability import assign

ANNA, BEN, CARA = (UUID(int=number) for number in range(1, 4))


class TestAssign:
    @staticmethod
    def by(*order: UUID) -> dict[UUID, tuple[int, ...]]:
        return {member: (place,) for place, member in enumerate(order)}

    def test_takes_the_smallest_key_bookings_before_priority_before_last_booked(self) -> None:
        load = {ANNA: (2, 0, 0), BEN: (1, 5, 900), CARA: (1, 5, 300)}

        assert assign([(ANNA, BEN, CARA)], load.__getitem__) == (CARA,)

    def test_a_tie_goes_to_the_order_of_the_pool(self) -> None:
        assert assign([(BEN, ANNA)], lambda _: (0,)) == (BEN,)

    def test_the_preferred_resource_goes_before_the_least_busy(self) -> None:
        assert assign([(ANNA, BEN)], self.by(ANNA, BEN).__getitem__, preferred=BEN) == (BEN,)

    def test_nobody_stands_in_for_a_preferred_resource_that_is_not_free(self) -> None:
        assert assign([(ANNA, BEN)], self.by(ANNA, BEN).__getitem__, preferred=CARA) is None

    def test_leaves_the_only_one_who_can_do_the_rest(self) -> None:
        assert assign([(ANNA, BEN), (ANNA,)], self.by(ANNA, BEN).__getitem__) == (BEN, ANNA)

    def test_a_preferred_resource_may_serve_a_later_requirement(self) -> None:
        order = self.by(ANNA, BEN).__getitem__

        assert assign([(ANNA, BEN), (ANNA,)], order, preferred=ANNA) == (BEN, ANNA)

    def test_is_none_when_a_requirement_cannot_be_met(self) -> None:
        assert assign([(ANNA,), (ANNA,)], lambda _: ()) is None
        assert assign([(ANNA,), ()], lambda _: ()) is None
