"""From public corpora to a TFLite model, a verb a step; each reads what the one before it left in --work.

python -m training prepare     decode, re-make voices, synthesise, augment: log-mel windows on disk
python -m training train       fit the network; resumes after the last whole epoch
python -m training calibrate   logits to probabilities, and thresholds, on the dev split
python -m training export      Keras to TFLite, float32 and int8, accepted against each other
python -m training evaluate    the exported model by the fixed protocol; report and card
"""
