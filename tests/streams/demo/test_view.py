"""What is shown: plain lines where nobody watches, lines over figures on a terminal."""

import io

from rich.console import Console

from streams.demo.view import FETCHED, FETCHING, Figures, LiveView, PlainView

FIGURES = Figures(calls=1_234, calls_per_s=61.6, free_through=2, payers=2, refused=9)


def shown(kind, terminal):
    output = io.StringIO()
    with kind(Console(file=output, force_terminal=terminal, width=80)) as view:
        for jars in (0, 1, 2):
            view.fetch(jars, 2)
        view.say("somebody [enters] a row", "bold red")
        view.say("x" * 100)
        view.show(FIGURES)
        view.show(FIGURES)
        view.step(0.5)
    return output.getvalue()


def test_plain_lines_carry_the_time_and_figures_come_now_and_then():
    lines = shown(PlainView, terminal=False).splitlines()
    assert [line.split("s  ", 1)[1] for line in lines] == [
        FETCHING,
        FETCHED,
        "somebody [enters] a row",
        "x" * 100,
        "1,234 calls; 62 calls/s; 2 free by the leak, 2 payers; 9 refused",
    ]


def test_a_terminal_shows_the_lines_the_figures_and_how_far_it_is():
    output = shown(LiveView, terminal=True)
    assert all(
        text in output for text in (FETCHING, FETCHED, "somebody [enters] a row", "1,234 calls", "9 refused", "50%")
    )
    assert "x" * 69 in output
    assert "x" * 80 not in output
