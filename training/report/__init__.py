"""The report of an evaluation: report/evaluation.json, pictures and one page, drawn from it alone.

python -m training.report --model FOLDER    draws again, without data and without running the model
"""
