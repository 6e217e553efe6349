"""Dates in a text as distances from a day: what a chat model may know of when something was written, and no more."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|(?-i:May|MAY)|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_YEAR = r"(?:19|20)\d\d"
_SHORT = rf"(?:{_YEAR}|'?\d\d)"
_ORDINAL = r"\d{1,2}(?:st|nd|rd|th)?"
_COUNTED = r"shares|jobs|points|bps|basis|employees|workers|units|stores|people|customers|dollars|contracts|times|miles"
PATTERNS = {
    "instant": rf"\b{_YEAR}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z\b|\s?UTC\b|[+-]\d\d:?\d\d)?)?",
    "year_first": rf"\b{_YEAR}[/.]\d{{1,2}}[/.]\d{{1,2}}\b",
    "year_last": r"(?<![\d.,])\d{1,2}([/.-])\d{1,2}\1(?:(?:19|20)\d\d|\d\d)(?![\d.,]*\d)",
    "compact": rf"(?<![\d$€£¥.,]){_YEAR}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?![\d.,]*\d)",
    "epoch": r"(?<![\d$€£¥.,])1\d{9}(?:\d{3})?(?![\d.,]*\d)",
    "quarter": rf"\b(?:q[1-4]\s?(?:of\s)?{_SHORT}|[1-4]q\s?{_SHORT}|{_YEAR}\s?-?q[1-4])\b",
    "fiscal": rf"\bfy\s?{_SHORT}\b",
    "month_day": rf"\b{_MONTH}\s?{_ORDINAL}\b(?!:?\d)(?:,?\s{_YEAR}\b)?",
    "day_month": rf"\b{_ORDINAL}[\s-](?:of\s)?{_MONTH}(?:,?[\s-]{_SHORT}\b)?",
    "month_year": rf"\b{_MONTH}[\s,-]*(?:of\s)?(?:{_YEAR}|'\d\d)\b",
    "season": rf"\b{_YEAR}[-/]\d\d\b",
    "year": rf"(?<![\w$€£¥.,])(?:{_YEAR}s?|'\d\ds?)(?![\w%]|[.,]\d|\s(?:{_COUNTED}|million|billion|percent)\b)",
}
"""Kind of date -> how it is written, in plain dashes and quotes; to be matched in this order, whatever the case."""


def distance(kind: str, words: str, today: date) -> str:
    """A date of `kind` as it stands in a text, told by how far it is from `today`: "[day -3]", "[quarter -1]"."""
    match kind:
        case "epoch":
            seconds = int(words[:10])
            return _days(datetime.fromtimestamp(seconds, UTC).date(), today)
        case "quarter":
            digits = re.search(r"[1-4](?=q)|(?<=q)[1-4]", words.lower())
            number = int(digits.group()) if digits else 1
            year = _year_in(re.sub(r"[1-4]q|q[1-4]", "", words.lower()), today)
            return f"[quarter {4 * (year - today.year) + number - 1 - (today.month - 1) // 3:+d}]"
        case "month_year":
            month = _month_in(words)
            return f"[month {12 * (_year_in(words, today) - today.year) + month - today.month:+d}]"
        case "fiscal" | "season" | "year":
            return f"[year {_year_in(words, today) - today.year:+d}]"
        case _:
            found = _day_of(kind, words, today)
            return _days(found, today) if found else "[date]"


def _days(found: date, today: date) -> str:
    return f"[day {(found - today).days:+d}]"


def _day_of(kind: str, words: str, today: date) -> date | None:
    """The calendar day that is written; None where there is no such day."""
    numbers = [int(n) for n in re.findall(r"\d+", words)]
    try:
        match kind:
            case "instant" | "year_first":
                return date(*numbers[:3])
            case "compact":
                return date(int(words[:4]), int(words[4:6]), int(words[6:8]))
            case "year_last":
                first, second, year = numbers
                american = "/" in words and first <= 12
                month, day = (first, second) if american else (second, first)
                return date(_full(year, today), month, day)
            case _:
                day, month = numbers[0], _month_in(words)
                if len(numbers) > 1:
                    return date(_full(numbers[1], today), month, day)
                return min((date(today.year + shift, month, day) for shift in (-1, 0, 1)), key=lambda d: abs(d - today))
    except ValueError:
        return None


def _month_in(words: str) -> int:
    found = next(m for m in re.findall(r"[a-z]+", words.lower()) if m[:3] in _MONTHS)
    return _MONTHS.index(found[:3]) + 1


def _year_in(words: str, today: date) -> int:
    found = re.search(_YEAR, words) or re.search(r"\d\d", words)
    return _full(int(found.group()), today) if found else today.year


def _full(year: int, today: date) -> int:
    """Two digits mean the year that is nearest to today's."""
    if year >= 100:
        return year
    return min((c + year for c in (1900, 2000, 2100)), key=lambda y: abs(timedelta(days=365 * (y - today.year))))
