"""MFCC: mel-frequency cepstral coefficients, the cosine transform of each log-mel row."""

import numpy as np
import numpy.typing as npt

from models.spec import MfccSpec
from stream.features import kernels
from stream.features.framed import Framed
from stream.features.logmel import MelBank
from stream.records import Features, Samples


class Mfcc(Framed):
    """MFCC of one stream's windows: float32[frames, coefficients]."""

    def __init__(self, spec: MfccSpec, *, sample_rate: int, window: int) -> None:
        super().__init__(spec, window)
        self._bank = MelBank(spec, sample_rate)
        self._log_mel = np.zeros((self.frames, spec.bands), np.float32)
        self._basis = cosine_basis(spec.bands, spec.coefficients).astype(np.float32)

    def _compute(self, samples: Samples, out: Features) -> None:
        rows = self._log_mel[: len(out)]
        self._bank.compute(samples, self.frames, rows)
        kernels.transform_rows(rows, self._basis, out)


def cosine_basis(bands: int, coefficients: int) -> npt.NDArray[np.float64]:
    """The first columns of the orthonormal DCT-II: float64[bands, coefficients].

    basis[b, k] = sqrt(2 / bands) cos(π k (b + 1/2) / bands), and sqrt(1 / bands) for k = 0; scipy's `norm="ortho"`.
    """
    angle = np.pi / bands * np.outer(np.arange(bands) + 0.5, np.arange(coefficients))
    scale = np.where(np.arange(coefficients) == 0, np.sqrt(1 / bands), np.sqrt(2 / bands))
    return np.asarray(scale * np.cos(angle))
