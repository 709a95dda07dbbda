"""The salon: six people in shifts, two rooms, one laser."""

from datetime import time

from app.demo.description import Absence, Asset, Shop, Treatment

_HAIR = ("Mia Hoffmann", "Jonas Weber", "Aylin Demir", "Luca Romano")
_COLOURISTS = ("Mia Hoffmann", "Aylin Demir", "Luca Romano")
_BARBERS = ("Jonas Weber", "Luca Romano")
_COSMETICIANS = ("Sofia Nowak", "Lena Schubert")
_ROOMS = ("Lavender Room", "Linden Room")
_LASER = "Diode laser"

SALON = Shop(
    slug="demo",
    name="Salon Aurora",
    timezone="Europe/Berlin",
    currency="EUR",
    owner="Katharina Vogt",
    assets=(
        Asset("staff", "Mia Hoffmann", "Tue-Fri 09:00-17:00; Sat 09:00-15:00", lunch=time(12, 30)),
        Asset(
            "staff",
            "Jonas Weber",
            "Mon-Fri 08:30-16:30",
            lunch=time(12),
            absences=(Absence(7, 5, "Vacation"),),
        ),
        Asset("staff", "Aylin Demir", "Mon-Tue 09:00-13:00 15:00-19:00; Thu-Fri 09:00-13:00 15:00-19:00"),
        Asset(
            "staff",
            "Luca Romano",
            "Tue-Fri 13:00-21:00; Sat 12:00-18:00",
            lunch=time(17),
            other_hours=((12, "12:00-15:00"),),
        ),
        Asset(
            "staff",
            "Sofia Nowak",
            "Mon-Wed 08:00-16:00; Fri 08:00-14:00",
            lunch=time(12),
            absences=(Absence(-5, 1, "Training: skin analysis"),),
        ),
        Asset("staff", "Lena Schubert", "Wed 10:00-18:00; Thu 12:00-20:00; Fri-Sat 10:00-18:00", lunch=time(14)),
        Asset("room", "Lavender Room", "Mon-Sat 08:00-21:00"),
        Asset("room", "Linden Room", "Mon-Sat 08:00-21:00"),
        Asset(
            "equipment", _LASER, "Mon-Fri 09:00-20:00; Sat 09:00-18:00", absences=(Absence(2, 1, "Yearly inspection"),)
        ),
    ),
    treatments=(
        Treatment("Women's cut and finish", "Wash, cut and blow-dry.", 60, 5800, (_HAIR,), after=10, weight=9),
        Treatment("Men's cut", "Wash and cut.", 30, 3200, (_HAIR,), after=5, weight=8),
        Treatment("Children's cut", "Up to twelve years of age.", 30, 2200, (_HAIR,), after=5),
        Treatment("Blow-dry and style", "Wash, blow-dry and style.", 45, 3400, (_HAIR,), after=5),
        Treatment("Full colour", "One tone, root to tip, with a gloss.", 120, 9800, (_COLOURISTS,), after=15, weight=5),
        Treatment(
            "Balayage",
            "Hand-painted highlights, with toner and finish.",
            150,
            16500,
            (_COLOURISTS,),
            before=10,
            after=15,
            notice_minutes=24 * 60,
            weight=3,
        ),
        Treatment("Beard trim", "Shape, trim and hot towel.", 20, 1800, (_BARBERS,), after=5),
        Treatment(
            "Bridal hair",
            "Styling for the day itself; we call back to confirm.",
            90,
            18000,
            (_COLOURISTS,),
            before=15,
            after=15,
            notice_minutes=2 * 24 * 60,
            requires_approval=True,
            weight=3,
        ),
        Treatment("Manicure", "File, cuticle care and polish.", 45, 3600, (_COSMETICIANS,), after=10, weight=6),
        Treatment(
            "Facial", "Cleansing, peeling and mask.", 60, 7200, (_COSMETICIANS, _ROOMS), before=10, after=15, weight=6
        ),
        Treatment(
            "Back massage", "Forty-five quiet minutes.", 45, 5200, (_COSMETICIANS, _ROOMS), before=5, after=15, weight=6
        ),
        Treatment(
            "Laser hair removal",
            "One area; please come without make-up.",
            30,
            8900,
            (("Lena Schubert", "Sofia Nowak"), (_LASER,), _ROOMS),
            before=10,
            after=10,
            notice_minutes=24 * 60,
            weight=8,
        ),
    ),
    customers=200,
    first_names=tuple(
        """
        Anna Ben Clara David Elif Emil Emma Felix Finn Frieda Greta Hannah Henrik Ida Ines Jakob Jana Johanna Julian
        Karim Katja Lara Leon Leonie Lina Lukas Malte Maria Marie Mateo Mila Nadia Niklas Nina Noah Olga Oskar Paul
        Paula Rosa Samir Sarah Selin Simon Stella Theo Tom Valentina Yusuf Zoe
        """.split()  # noqa: SIM905 — as a literal it would fill a page
    ),
    last_names=tuple(
        """
        Albrecht Arslan Bauer Becker Brandt Braun Busch Dietrich Engel Fischer Frank Fuchs Graf Günther Haas Hartmann
        Herrmann Huber Jansen Kaiser Kaya Keller Klein Koch Köhler Kowalski Kraus Krüger Lang Lehmann Lorenz Maier
        Martens Meyer Möller Müller Neumann Novak Otto Peters Pohl Richter Rossi Roth Sauer Schäfer Schmidt Schneider
        Schulz Seidel Simon Sommer Stein Vogel Wagner Walter Winkler Wolf Yilmaz Ziegler
        """.split()  # noqa: SIM905 — as above
    ),
    phone="+49 30 23125 {:03}",
)
