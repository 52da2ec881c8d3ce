"""The trade-off of doubt as a picture: which share of the questions with an answer, and without one, a threshold holds back. Pure."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

from bot.calibration import Point
from bot.doubt import Thresholds

_BAR: Final = 20  # characters for all of them
_WIDTH, _HEIGHT = 640, 400
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 40, 32, 320  # of the plot, in pixels
_FONT: Final = 'font-family="system-ui, sans-serif" font-size="13"'
_INK, _MUTED, _HAIRLINE, _PAPER, _ACCENT = "#1c1b19", "#6b675f", "#e3dfd6", "#fbfaf7", "#b3261e"


def as_text(points: Iterable[Point], thresholds: Thresholds) -> str:
    """A row of two bars for each threshold, for a terminal."""
    head = f"{'doubt':7}{'with an answer, held back':{_BAR + 10}}without one, held back"
    return "\n".join((head, *(_row(point, thresholds) for point in points)))


def as_svg(points: Sequence[Point], thresholds: Thresholds, title: str) -> str:
    """Two lines over the threshold, 0 to 1 each way, both thresholds marked, and the numbers behind it in a table below."""
    height = _HEIGHT + 20 * (len(points) + 1)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" {_FONT} fill="{_INK}">',
        f"<title>{escape(title)}</title>",
        f'<rect width="100%" height="100%" fill="{_PAPER}"/>',
        *(_ruled(share) for share in (0.0, 0.25, 0.5, 0.75, 1.0)),
        _threshold(thresholds.nearest, "the nearest", -4, "end"),
        _threshold(thresholds.refuse, "refused", 4, "start"),
        _line([(one.threshold, one.answerable) for one in points], _MUTED, "with an answer"),
        _line([(one.threshold, one.unanswerable) for one in points], _ACCENT, "without one"),
        _words(_LEFT, _BOTTOM + 44, "held back from this doubt on", _MUTED),
        *_table(points),
        "</svg>",
    ]
    return "\n".join(parts)


def _row(point: Point, thresholds: Thresholds) -> str:
    return f"{point.threshold:<7.2f}{_bar(point.answerable):{_BAR + 10}}{_bar(point.unanswerable)}{_mark(point, thresholds)}"


def _bar(share: float) -> str:
    return f"{'█' * round(_BAR * share):{_BAR}} {share:5.0%}"


def _mark(point: Point, thresholds: Thresholds) -> str:
    marks = {round(thresholds.nearest, 2): "  < the nearest", round(thresholds.refuse, 2): "  < refused"}
    return marks.get(round(point.threshold, 2), "")


def _x(threshold: float) -> float:
    return round(_LEFT + threshold * (_WIDTH - _RIGHT - _LEFT), 1)


def _y(share: float) -> float:
    return round(_BOTTOM - share * (_BOTTOM - _TOP), 1)


def _ruled(share: float) -> str:
    """A hairline with its share at the left, and the same number as a threshold below."""
    rule = f'<path d="M{_LEFT} {_y(share)}H{_WIDTH - _RIGHT}" stroke="{_HAIRLINE}"/>'
    return rule + _words(8, _y(share) + 4, f"{share:.0%}", _MUTED) + _words(_x(share) - 12, _BOTTOM + 22, f"{share:.2f}", _MUTED)


def _threshold(at: float, name: str, beside: int, anchor: str) -> str:
    """A line with its name to one side of it: two that are near do not meet."""
    rule = f'<path d="M{_x(at)} {_TOP}V{_BOTTOM}" stroke="{_INK}" stroke-dasharray="2 4"/>'
    return rule + _words(_x(at) + beside, _TOP - 8, f"{name} {at:.2f}", _INK, anchor)


def _line(places: Sequence[tuple[float, float]], colour: str, name: str) -> str:
    """A line with its name at its end: colour never speaks alone."""
    drawn = " ".join(f"{_x(threshold)},{_y(share)}" for threshold, share in places)
    line = f'<polyline points="{drawn}" fill="none" stroke="{colour}" stroke-width="2"/>'
    middle = places[len(places) // 3]
    return line + _words(_x(middle[0]) + 6, _y(middle[1]) - 6, name, colour)


def _table(points: Sequence[Point]) -> Iterable[str]:
    rows = [
        ("doubt", "with an answer", "without one"),
        *((f"{p.threshold:.2f}", f"{p.answerable:.0%}", f"{p.unanswerable:.0%}") for p in points),
    ]
    for number, row in enumerate(rows):
        y = _HEIGHT + 20 * number
        yield "".join(_words(_LEFT + 140 * column, y, cell, _INK if number else _MUTED) for column, cell in enumerate(row))


def _words(x: float, y: float, words: str, colour: str, anchor: str = "start") -> str:
    return f'<text x="{x}" y="{y}" fill="{colour}" text-anchor="{anchor}">{escape(words)}</text>'
