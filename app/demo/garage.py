"""The garage: another trade in another zone, to see that the businesses know nothing of each other."""

from datetime import time

from app.demo.description import Absence, Asset, Shop, Treatment

_MECHANICS = ("Frank Delgado", "Priya Nair", "Walt Jennings")
_LIFTS = ("Lift 1", "Lift 2")
_SCANNER = "Diagnostic scanner"

GARAGE = Shop(
    slug="garage",
    name="Hudson Auto Works",
    timezone="America/New_York",
    currency="USD",
    owner="Gloria Hudson",
    assets=(
        Asset("staff", "Frank Delgado", "Mon-Fri 07:30-16:00", lunch=time(12)),
        Asset("staff", "Priya Nair", "Mon-Thu 08:00-17:00", lunch=time(12, 30)),
        Asset("staff", "Walt Jennings", "Tue-Sat 09:00-17:30", lunch=time(13), absences=(Absence(8, 4, "Vacation"),)),
        Asset("room", "Lift 1", "Mon-Sat 07:00-18:00"),
        Asset("room", "Lift 2", "Mon-Sat 07:00-18:00"),
        Asset("equipment", _SCANNER, "Mon-Sat 07:00-18:00"),
    ),
    treatments=(
        Treatment("Oil change", "Oil and filter.", 45, 7900, (_MECHANICS, _LIFTS), after=15, weight=8),
        Treatment("Tire rotation", "With a look at the tread.", 30, 3500, (_MECHANICS, _LIFTS), after=15, weight=6),
        Treatment("Brake inspection", "Pads, discs and fluid.", 60, 6500, (_MECHANICS, _LIFTS), after=15),
        Treatment("Diagnostics", "We find out what the light means.", 60, 12000, (_MECHANICS, (_SCANNER,)), after=10),
        Treatment("State inspection", "Safety and emissions.", 45, 3700, (_MECHANICS, _LIFTS, (_SCANNER,)), after=15),
        Treatment(
            "Major service",
            "Half a day in the workshop; we call back to confirm.",
            240,
            42000,
            (_MECHANICS, _LIFTS),
            after=30,
            notice_minutes=24 * 60,
            requires_approval=True,
            weight=1,
        ),
    ),
    customers=40,
    first_names=tuple(
        "Alice Brian Carmen Derek Ellen Frances Greg Helen Irene Jamal Keisha Luis Megan Nate Olivia Pedro".split()  # noqa: SIM905 — likewise
    ),
    last_names=tuple(
        "Adams Brooks Chen Davis Evans Flores Garcia Hughes Irving Johnson Kim Lopez Murphy Nguyen Ortiz Price".split()  # noqa: SIM905 — likewise
    ),
    phone="+1 212 555 01{:02}",
)
