"""The results for people: each number beside its bars."""

from stream.bench.result import Bar, passes


def heading() -> str:
    """The line over all rows."""
    return f"{'':28}{'measured':>10}  {'bar':>8} {'stretch':>8}"


def row(name: str, value: float, bar: Bar) -> str:
    """One number, what it should reach, and whether it does."""
    verdict = ""
    if bar.bar is not None:
        reached = [passes(value, limit, least=bar.least) for limit in (bar.bar, bar.stretch)]
        verdict = "stretch" if reached[1] else "bar" if reached[0] else "BELOW"
    limits = f"{_limit(bar.bar, bar)} {_limit(bar.stretch, bar)}"
    return f"{name:28}{short(value):>10}{bar.unit:2}{limits}  {verdict:8}{bar.meaning}"


def _limit(limit: float | None, bar: Bar) -> str:
    sign = "≤" if bar.least else "≥"
    return f"{'' if limit is None else f'{sign} {limit:g}':>8}"


def short(value: float) -> str:
    """Three digits, or all before the point."""
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"
