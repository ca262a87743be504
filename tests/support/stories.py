"""Small stories through a backtest that is watched by a collector."""

from support import calls
from support.calls import MINUTE, NOON, SECOND, charged, event, free, number, paid

from streams.backtest import Backtest
from streams.report.collect import Collector


def told(*batches, tables=calls.VOICEMAIL, taught=True, **settings):
    """The collector of a backtest that was taught a morning and then read lines, batch by batch."""
    chosen = calls.settings(**settings)
    story = Collector.of(chosen)
    test = Backtest(chosen, tables, story.rows)
    if taught:
        list(test.feed("morning:", 1, calls.morning(), teach=True))
    first = 1
    for lines in batches:
        for decided in test.feed("day:", first, list(lines)):
            story.decided(decided)
        first += len(lines)
    story.flush()
    return story


def founding(**names):
    """Four free calls a second apart, of which the second proves; their ends; two payers who pay when it is mended.

    Every call rings for five seconds and lasts 25 s.
    """
    begins = [free(number("+333", nth), nth, NOON + nth * SECOND, **names) for nth in range(4)]
    ends = [charged(number("+333", nth), nth, NOON + nth * SECOND, charge="0", **names) for nth in range(4)]
    later = [paid(number("+333", nth), 80 + nth, NOON + 5 * MINUTE + nth * SECOND, **names) for nth in (1, 2)]
    return [*begins, *ends, *later]


__all__ = ["MINUTE", "NOON", "SECOND", "calls", "charged", "event", "founding", "free", "number", "paid", "told"]
