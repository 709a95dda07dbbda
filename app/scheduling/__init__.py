"""Services, the resources they need, and the bookings that bring the two together.

What a business describes:
    services, requirements   what is offered, and the pools of resources it takes one of each from
    resources, schedules     who and what there is, and when they work
    blocks                   time in which they take no bookings

Which starts are on offer, in the order of the way:
    calendars                the one fetch of all that decides
    opening_hours            wall-clock rules → instants (pure)
    availability             instants → starts on offer, and who could serve (pure)
    placement                one start → who serves, or in words why nobody does (pure)
    slots                    the answer of `GET /availability`

Who gets them:
    claims                   the one way to take a resource's time
    booking, rescheduling    a free slot becomes an appointment; an appointment moves
    lifecycle, transitions   what can follow what; the steps after the booking
    expiry                   holds and requests whose time is up
    appointments, listing    appointments one by one; the list

Around them: `context` (where and when a change happens), `dependencies` (that, from a request), `appointment_events`,
`ranges` (what callers ask for), `schemas` (what travels).
"""
