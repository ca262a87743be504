"""What a burst is at least: floors of attempts per window and kind of key, and how many times the normal.

The floors lie well above whatever honest people do. Of 27 telephones that were followed for five months (Nodobo) the
busiest had 8 calls in a minute, 15 in five, 38 in an hour and 77 in a day; of 400 (VAST 2008) 3, 4, 4 and 12. A person
redials two to four times a minute; above 120 an hour a machine does, or several people. The founding incident's victim
had 300 calls in 24 hours.
"""

from typing import Final, NamedTuple

from models.kinds import Kind

STRONG_TIMES: Final = 8.0
"""Attempts over normal from which a floor that is reached is a strong sign. In Poisson traffic of 15 an hour, the least
normal at which 8 times reach the floor of a caller, 8 times the mean has a probability below 1e-60: what is guarded
against is not chance but a habit that the hours of the week do not show."""
WEAK_TIMES: Final = 4.0
QUIET_DAY: Final = 20.0
"""Attempts in 24 hours that a key may have had which was never busy: 60 events, and a call is three of them."""
QUIET_HOUR: Final = 4.0
"""And in one hour of these."""
KNOWN_HOURS: Final = 24
"""Hours of event time that an owner must have seen before it knows what is normal for anybody."""
FAR_TIMES: Final = 4
"""Strong floors over and over: who reaches so many before anything is known is held and shown; others are not, for on a
first day every call centre is a burst."""
LOOK_AGAIN: Final = 2
"""A weak sign has half the attempts of a strong one."""


class Floors(NamedTuple):
    """Attempts of a strong sign in 1 min, 5 min, 1 h and 24 h."""

    minute: int
    five: int
    hour: int
    day: int

    @property
    def weak(self) -> tuple[int, ...]:
        """Those of a weak sign."""
        return tuple(floor // LOOK_AGAIN for floor in self)


FLOORS: Final = {
    Kind.CALLER: Floors(40, 90, 120, 600),
    Kind.ACCOUNT: Floors(40, 90, 120, 600),
    Kind.CALLED: Floors(300, 450, 150, 160),
    Kind.PREFIX: Floors(300, 600, 1_200, 6_000),
    Kind.TRUNK: Floors(300, 600, 1_200, 6_000),
}
OTHERS_MIN: Final = 10
"""Other parties of a caller's burst; with fewer it is one who redials, unless most calls are answered."""
TALKED_SHARE: Final = 0.5
"""Share answered from which a caller with few other parties is no redialling: calls that pay somebody."""
CALLERS_MIN: Final = 30
"""Callers of a victim in an hour, or in the day where that proves."""
CALLERS_SHARE: Final = 0.5
"""Callers over attempts in the same time; with fewer they are some who redial."""
LINES: Final = 1.2
"""Time talked in a window over its length: a number above that has several lines, and is made for many calls."""
MACHINE_SHARE: Final = 0.95
MACHINE_MS: Final = 30_000
"""A number that answers nearly every call, and for less than this on average, is an announcement or a vote."""
WANGIRI_ANSWERED: Final = 0.15
"""Share answered of calls that are meant not to be; of honest ones about half are (ITU-T E.425 calls it the ASR)."""
WANGIRI_OTHERS: Final = 0.8
"""Called numbers over attempts: nobody is called twice."""
SWEEP_OTHERS: Final = 50
"""Called numbers of a sweep."""
SWEEP_SPAN: Final = 4
"""Numbers from the lowest called to the highest, for each that was called."""
SWEEP_STEPS: Final = 5
"""Numbers seen, ten seconds or more apart, in rising or falling order."""
REPEATED: Final = 4
"""Calls for each other party in a prefix's or a trunk's burst: of many who call once each it is an event of the day."""
CONSTANTS: Final = (
    [(kind.name, *floors) for kind, floors in FLOORS.items()],
    STRONG_TIMES,
    WEAK_TIMES,
    QUIET_DAY,
    QUIET_HOUR,
    KNOWN_HOURS,
    FAR_TIMES,
    LOOK_AGAIN,
    OTHERS_MIN,
    TALKED_SHARE,
    CALLERS_MIN,
    CALLERS_SHARE,
    LINES,
    MACHINE_SHARE,
    MACHINE_MS,
    WANGIRI_ANSWERED,
    WANGIRI_OTHERS,
    SWEEP_OTHERS,
    SWEEP_SPAN,
    SWEEP_STEPS,
    REPEATED,
)
"""All of them: what a finding rests on beside its numbers."""
