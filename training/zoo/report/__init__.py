"""The report of the zoo: one comparison of all recipes, from their outcomes alone.

python -m training.zoo.report --work runs/zoo    draws again, without data and without training
"""

from training.zoo.report.tuning import Trial, draw_tuning
from training.zoo.report.write import write_report

__all__ = ["Trial", "draw_tuning", "write_report"]
