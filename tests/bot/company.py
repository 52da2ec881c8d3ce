"""A company of four documents, enough to ask about."""

from datetime import UTC, datetime

from tests.bot.fakes import document, passage

TRAVEL = document("travel.md", "Travel policy 2026")
TRAVEL_OLD = document("travel-2024.md", "Travel policy 2024", modified_at=datetime(2024, 3, 2, tzinfo=UTC))
LEAVE = document("leave.md", "Leave handbook")
DEAL = document("deal.md", "Project Falcon acquisition", readers=("group:board",))

HOTELS = passage(
    TRAVEL,
    """We book hotels through the portal. The limit per night depends on the city.

| City | Hotel limit | Meals |
|---|---|---|
| Berlin | €180 | €45 |
| London | £210 | £50 |

Higher rates need approval by your manager, e.g. during a trade fair.""",
    "Hotels",
)
EXPENSES = passage(
    TRAVEL,
    """To claim expenses:

1. Open the portal.
2. Upload each receipt as a PDF.
3. Choose your cost centre and
   submit.

Receipts are due within 30 days of the trip.""",
    "Expenses",
    ordinal=1,
    start=400,
)
HOTELS_OLD = passage(TRAVEL_OLD, "The hotel limit in Berlin is €150 per night. Receipts are due within 14 days.", "Hotels")
PARENTAL = passage(
    LEAVE,
    "Parental leave is 18 weeks at full pay in Germany. In France it is 16 weeks. Apply eight weeks before the birth.",
    "Parental leave",
)
SICK = passage(LEAVE, "A doctor's note is needed from the fourth day of sick leave on.", "Sick leave", ordinal=1, start=200)
FALCON = passage(DEAL, "Project Falcon is the planned acquisition of Heron AG for 40 million euros.", "Summary")

PASSAGES = (HOTELS, EXPENSES, HOTELS_OLD, PARENTAL, SICK, FALCON)
