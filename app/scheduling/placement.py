"""Who serves at a start, or in words why nobody does. Pure: it only looks at what was fetched."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from app.errors import (
    Archived,
    CustomerNotFound,
    FieldError,
    ResourceNotFound,
    Sentence,
    ServiceNotFound,
    SlotTaken,
    SlotUnavailable,
    ValidationFailed,
)
from app.scheduling.availability import (
    Pool,
    Refusal,
    ServiceTerms,
    Slot,
    assign,
    check_start,
    find_slots,
    out_of_bounds,
)
from app.scheduling.calendars import MINUTE, Calendars, Offer, SharedStart

NEARBY = timedelta(hours=3)
"""How far around a start that is not offered others are looked for: the fetch has to cover it."""


def offer_of(found: Calendars, service_id: UUID) -> Offer:
    """The service, to be booked. Raises ServiceNotFound and Archived."""
    if found.offer is None:
        raise ServiceNotFound("`service_id`: there is no service {service_id}.", params={"service_id": service_id})
    if found.offer.is_archived:
        raise Archived("The service {name} is archived and takes no bookings.", params={"name": found.offer.name})
    return found.offer


def terms_of(offer: Offer, found: Calendars, now: datetime) -> ServiceTerms:
    """What the service asks of a start; its days are those of whoever leads. Somebody must be there to serve."""
    leading = next(member for pool in found.requirements for member in pool)
    return offer.terms(found.calendars[leading].zone, now=int(now.timestamp()))


def narrowed(requirements: Sequence[Pool], named: Sequence[UUID]) -> list[Pool]:
    """The pools, each reduced to those named in it if there are any. One name narrows one pool, the first it is in."""
    unused = set(named)
    pools: list[Pool] = []
    for pool in requirements:
        chosen = [member for member in pool if member in unused]
        unused.difference_update(chosen)
        pools.append(chosen or pool)
    return pools


def check_named(found: Calendars, named: Sequence[UUID]) -> None:
    """Raise ResourceNotFound for a resource that does not exist, ValidationFailed for one that cannot serve."""
    for index, resource_id in enumerate(named):
        if resource_id not in found.named_ids:
            raise ResourceNotFound(
                "`resource_ids`: there is no resource {resource_id}.", params={"resource_id": resource_id}
            )
        if resource_id not in found.calendars:
            wrong = FieldError(f"/resource_ids/{index}", "does not serve for this service", code="unsuitable")
            raise ValidationFailed(errors=[wrong])


def check_customer(found: Calendars, customer_id: UUID) -> None:
    """Raise CustomerNotFound if there is no such customer."""
    if not found.has_customer:
        raise CustomerNotFound(
            "`customer_id`: there is no customer {customer_id}.", params={"customer_id": customer_id}
        )


def check_seats(offer: Offer, seats: int) -> None:
    """Raise ValidationFailed for more seats than a start of the service has."""
    if seats > offer.capacity:
        wrong = FieldError("/seats", "must be at most {le}", code="unsuitable", params={"le": offer.capacity})
        raise ValidationFailed(errors=[wrong])


def place(found: Calendars, offer: Offer, start_at: datetime, named: Sequence[UUID], *, now: datetime) -> list[UUID]:
    """Choose a free resource for each of the service's requirements, of those named where any are.

    Of those who are free the one with the fewest bookings that day serves, the first in its pool among equals.
    Raises SlotTaken if the time is taken, SlotUnavailable if it is not offered.
    """
    if not found.has_servers:
        raise SlotUnavailable("There is nobody to serve for {name}.", params={"name": offer.name})
    pools = narrowed(found.requirements, named)
    terms = terms_of(offer, found, now)
    start, moment = int(start_at.timestamp()), int(now.timestamp())
    free = check_start(terms, pools, found.calendars, start, now=moment)
    if isinstance(free, Refusal):
        if free in {Refusal.BUSY, Refusal.BUFFER}:
            raise SlotTaken(_TAKEN[free], params={"reason": free})
        raise SlotUnavailable(_refusal(free, offer, terms, pools, found, start, moment), params={"reason": free})
    chosen = assign(free, order_key=lambda member: (_bookings_that_day(member, found, start_at),))
    if chosen is None:
        raise SlotTaken
    return list(chosen)


def seat(
    found: Calendars, offer: Offer, start_at: datetime, seats: int, named: Sequence[UUID], *, now: datetime
) -> tuple[list[UUID], UUID | None]:
    """Choose who serves as `place` does, and the session to join if others have begun one that has the seats left.

    Raises ValidationFailed for more seats than the service has, and what `place` raises.
    """
    check_seats(offer, seats)
    start = int(start_at.timestamp())
    begun = [each for each in found.sessions if each.start == start] if offer.capacity > 1 else []
    for each in begun:
        if each.seats_left >= seats and _may_be_joined(each, offer, found, named, now):
            return list(each.resource_ids), each.id
    try:
        return place(found, offer, start_at, named, now=now), None
    except SlotTaken:
        if begun:
            raise SlotTaken(_FULL, params={"reason": "full"}) from None
        raise


def starts_on_offer(
    found: Calendars, offer: Offer, named: Sequence[UUID], start: int, end: int, *, now: datetime
) -> list[Slot]:
    """The starts in [start, end) at which the service can be booked, sorted; of a class `remaining` counts the seats.

    Somebody must be there to serve.
    """
    pools = narrowed(found.requirements, named)
    free = find_slots(terms_of(offer, found, now), pools, found.calendars, start, end, now=int(now.timestamp()))
    if offer.capacity == 1:
        return free
    slots = {slot.start: slot._replace(remaining=slot.remaining * offer.capacity) for slot in free}
    for each in found.sessions:
        if start <= each.start < end and each.seats_left > 0 and _may_be_joined(each, offer, found, named, now):
            beside = slots.get(each.start)
            serving = dict.fromkeys((*each.resource_ids, *(beside.resource_ids if beside else ())))
            remaining = each.seats_left + (beside.remaining if beside else 0)
            slots[each.start] = Slot(
                each.start, each.start + offer.duration_minutes * MINUTE, tuple(serving), remaining
            )
    return [slots[each] for each in sorted(slots)]


def _may_be_joined(shared: SharedStart, offer: Offer, found: Calendars, named: Sequence[UUID], now: datetime) -> bool:
    terms = terms_of(offer, found, now)
    is_as_long = shared.end - shared.start == terms.duration  # the service may take longer by now than it claims
    if not is_as_long or out_of_bounds(terms, shared.start, now=int(now.timestamp())) is not None:
        return False
    pools = narrowed(found.requirements, named)
    return not named or all(member in pool for member, pool in zip(shared.resource_ids, pools, strict=False))


_FULL = Sentence("The class has too few seats left then.")
_TAKEN = {
    Refusal.BUSY: Sentence("Whoever could serve is busy then."),
    Refusal.BUFFER: Sentence("That is too close to another booking: time is kept free before and after each."),
}


def _refusal(
    refusal: Refusal, offer: Offer, terms: ServiceTerms, pools: Sequence[Pool], found: Calendars, start: int, now: int
) -> Sentence:
    match refusal:
        case Refusal.NOTICE if start < now:
            return Sentence("The start lies in the past.")
        case Refusal.NOTICE:
            notice = {"minutes": offer.minimum_notice_minutes}
            return Sentence("A start must be at least {minutes} minutes ahead.", notice)
        case Refusal.WINDOW:
            return Sentence("A start can be at most {days} days ahead.", {"days": offer.booking_window_days})
        case Refusal.ALIGNMENT:
            starts = _nearest_starts(terms, pools, found, start, now)
            return Sentence(
                "This start is not on the grid of those on offer; near it are: {starts}.", {"starts": starts}
            )
        case _:
            return Sentence("Nobody who could serve is at work for the whole of that time.")


def _nearest_starts(terms: ServiceTerms, pools: Sequence[Pool], found: Calendars, start: int, now: int) -> list[str]:
    reach = int(NEARBY.total_seconds())
    slots = find_slots(terms, pools, found.calendars, start - reach, start + reach, now=now)
    before = [slot.start for slot in slots if slot.start < start][-1:]
    after = [slot.start for slot in slots if slot.start > start][:1]
    return [f"{datetime.fromtimestamp(each, UTC):%Y-%m-%dT%H:%M:%SZ}" for each in [*before, *after]]


def _bookings_that_day(member: UUID, found: Calendars, start_at: datetime) -> int:
    zone = found.calendars[member].zone
    day = start_at.astimezone(zone).date()
    return sum(datetime.fromtimestamp(booked, zone).date() == day for booked in found.booked_from[member])
