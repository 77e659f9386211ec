import random
import re
from collections import Counter
from datetime import date, datetime

import pytest

from seqtasks.data.builtin import dates


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("{nth} of {month} {year}", "3rd of May 2009"),
        ("{weekday}, {month} {day}, {year}", "Sunday, May 3, 2009"),
        ("{short_weekday} {day} {short} {year}", "Sun 3 May 2009"),
        ("{m:02}/{day:02}/{year}", "05/03/2009"),
    ],
)
def test_forms(form, text):
    assert dates.write(date(2009, 5, 3), form) == text


def test_ordinals():
    written = [dates.write(date(2009, 5, day), "{nth}") for day in (1, 2, 3, 4, 11, 12, 13, 21, 22, 23, 30, 31)]
    assert written == ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "22nd", "23rd", "30th", "31st"]


def test_every_date_is_read_in_one_way():
    rng = random.Random(1)
    kinds = Counter()
    for _ in range(5000):
        example = dates.example(rng)
        kinds[re.sub(r"[A-Za-z]+", "a", re.sub(r"\d+", "0", example["source"]))] += 1
        assert date.fromisoformat(example["target"]) == _read(example["source"]), example
    assert len(kinds) >= 10
    assert min(kinds.values()) > 50


def _read(text: str) -> date:
    """Reads a date with the standard library's parser; the weekday must be right."""
    if re.fullmatch(r"[\d./]+", text):
        first, second, year = map(int, re.split(r"[./]", text))
        assert max(first, second) > 12
        return date(year, min(first, second), max(first, second))
    weekday = re.match(r"(\w+day|Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b", text)
    plain = re.sub(r"(?<=\d)(st|nd|rd|th)\b", "", text[weekday.end() :] if weekday else text)
    words = " ".join(word for word in re.findall(r"\w+", plain) if word not in ("the", "of"))
    for form in ("%d %B %Y", "%B %d %Y", "%Y %B %d", "%d %b %Y", "%b %d %Y"):
        try:
            found = datetime.strptime(words, form).date()
        except ValueError:
            continue
        assert weekday is None or found.strftime("%A").startswith(weekday[1])
        return found
    raise AssertionError(text)
