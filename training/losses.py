"""The masked loss: each output learns only from windows of which its answer is known."""

from typing import Any

import keras
from keras import ops

from training.examples import NO_LOSS

Tensor = Any  # of Keras' backend

WEIGHTS = (0.5, 0.8, 1.0)  # of speech, decidable, label
SMOOTHING = (0.02, 0.02, 0.03)  # of their targets: labels are what one person wrote down, or an earlier model


@keras.saving.register_keras_serializable("genderstream")
def masked_loss(targets: Tensor, logits: Tensor) -> Tensor:
    """Binary cross-entropy per output, averaged over the windows whose target is not NO_LOSS, weighted: scalar.

    targets: [n, 3], 1, 0 or NO_LOSS; logits: float32[n, 3]. An output nobody knows of adds nothing.
    """
    targets = ops.cast(targets, "float32")
    known = ops.cast(targets > NO_LOSS + 0.5, "float32")
    smoothing = ops.convert_to_tensor(SMOOTHING, "float32")
    wanted = ops.minimum(ops.maximum(targets, smoothing), 1.0 - smoothing)
    # log(1 + exp(logit)) - wanted * logit
    losses = (ops.softplus(logits) - wanted * logits) * known
    per_output = ops.sum(losses, axis=0) / ops.maximum(ops.sum(known, axis=0), 1.0)
    return ops.sum(per_output * ops.convert_to_tensor(WEIGHTS, "float32")) / sum(WEIGHTS)
