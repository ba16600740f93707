"""PROVISIONAL, and the only place where anything is: decisions over time for models whose spec does not say.

Nobody has estimated these for a model. They were set by hand after a look at the dev split: 61 grown
speakers, clean (mean 3.8, between 2.2 with three who are heard as the other label, within 1.1,
autocorrelation gone after 2 s), and some of its voices in alternation. They are on the careful side,
because lines are worse. A spec that has `turns` and `verdict` of its own makes them void.
"""

from typing import Final

from models.spec import Turns, Verdict

TURNS: Final = Turns(
    independent=1.0, doubt=0.02, turn=6.0, pause=2.0, direct=0.7, enter=0.8, leave=0.6, lag=6.0,
    memory=60.0,
)  # fmt: skip
VERDICT: Final = Verdict(
    mean=3.2, between=1.6, within=2.0, decorrelation=2.0, atypical=0.02, limit=5.0, mixed=0.05, stray=2.5,
    parted=10.0,
)  # fmt: skip
