"""The model folder: it is whole, TFLite runs it, and which precision suits this machine."""

from collections.abc import Iterator

import numpy as np

from models import Model, UnusableError, load_model, read_spec
from models.spec import Precision
from stream.classify import Classifier, ModelSettings, Runtime
from stream.diagnose.finding import Finding, fail, note, ok
from stream.diagnose.stopwatch import median_ms

CLEARLY_FASTER = 0.8  # of the time; a smaller gain is not worth another file


def check_model(settings: ModelSettings) -> Iterator[Finding]:
    """Each precision in the folder: digest, spec, a run, its time. Then a word on which to choose."""
    try:
        spec = read_spec(settings.folder)
    except UnusableError as error:
        yield fail("model", str(error))
        return
    times: dict[Precision, float] = {}
    for precision in dict.fromkeys((settings.precision, *spec.files)):
        try:
            model = load_model(settings.folder, precision)
            times[precision] = milliseconds(model, settings.runtime)
        except (UnusableError, ImportError, OSError, AttributeError) as error:  # all but the first: no working runtime
            yield fail(f"model, {precision}", str(error))
            continue
        yield ok(
            f"model, {precision}",
            f"{model.identity} in {settings.folder}: digest right, spec fits, {times[precision]:.2f} ms a window",
        )
    if len(times) == 2:
        yield advise_precision(times, settings.precision)


def milliseconds(model: Model, runtime: Runtime | None = None) -> float:
    """Median time that `model` takes for a window. Raises UnusableError where it cannot run."""
    classify = Classifier(model, runtime)
    features = np.random.default_rng(0).uniform(-1.0, 1.0, model.spec.shape).astype(np.float32)
    return median_ms(lambda: classify(features), rounds=50, warm_up=10)


def advise_precision(times: dict[Precision, float], chosen: Precision) -> Finding:
    """float32, unless int8 is clearly faster on this machine. It never changes by itself."""
    best: Precision = "int8" if times["int8"] < CLEARLY_FASTER * times["float32"] else "float32"
    found = f"float32 takes {times['float32']:.2f} ms a window, int8 {times['int8']:.2f} ms; chosen is {chosen}"
    if best == chosen:
        return ok("precision", f"{found}, which suits this machine")
    return note("precision", found, f"--precision {best} suits this machine better (its results differ a little)")
