"""Generated dates, as people write them and as ISO 8601 does: "3rd of May 2009" and "2009-05-03".

No date can be read in two ways: only one after the twelfth of a month is written in numbers alone.
Weekdays are those of the calendar.
"""

import random
from datetime import date, timedelta

from seqtasks.data.builtin.phrases import phrases, words
from seqtasks.task import Example

FIRST, LAST = date(1970, 1, 1), date(2029, 12, 31)
_MONTHS = words("January February March April May June July August September October November December")
_WEEKDAYS = words("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
_WRITTEN = phrases("""
{nth} of {month} {year}
the {nth} of {month}, {year}
{day} {month} {year}
{month} {day}, {year}
{month} {nth}, {year}
{weekday}, {month} {day}, {year}
{weekday}, {day} {month} {year}
{weekday} the {nth} of {month} {year}
{day} {short} {year}
{short} {day}, {year}
{short_weekday} {day} {short} {year}
{year} {month} {day}
""")
_IN_NUMBERS = phrases("""
{m:02}/{day:02}/{year}
{day:02}.{m:02}.{year}
{day:02}/{m:02}/{year}
""")


def example(rng: random.Random) -> Example:
    """Returns a date written by people, and the same in ISO 8601.

    Args:
        rng: Draws the date and how it is written.
    """
    day = FIRST + timedelta(days=rng.randrange((LAST - FIRST).days + 1))
    forms = _IN_NUMBERS if day.day > 12 and rng.random() < 0.3 else _WRITTEN
    return {"source": write(day, rng.choice(forms)), "target": day.isoformat()}


def write(day: date, form: str) -> str:
    """Returns a date as a form says, which has the date's parts in braces."""
    month, weekday = _MONTHS[day.month - 1], _WEEKDAYS[day.weekday()]
    return form.format(
        day=day.day,
        nth=_ordinal(day.day),
        m=day.month,
        month=month,
        short=month[:3],
        year=day.year,
        weekday=weekday,
        short_weekday=weekday[:3],
    )


def _ordinal(number: int) -> str:
    ending = "th" if 11 <= number <= 13 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
