#!/bin/sh
# Makes .venv-tflite: this project's dependencies with tflite-runtime (and NumPy below 2) in place of ai-edge-litert.
# tflite-runtime has no wheel after Python 3.11. Run from it: .venv-tflite/bin/python -m stream score FILE
set -eu
cd "$(dirname "$0")/.."
python=.venv-tflite/bin/python
[ -x $python ] || "${PYTHON:-python3.11}" -m venv .venv-tflite
$python - <<'END' >.venv-tflite/requirements.txt
import tomllib

project = tomllib.load(open("pyproject.toml", "rb"))["project"]
wanted = [each for each in project["dependencies"] if not each.startswith("ai-edge-litert")]
print("\n".join(wanted + project["optional-dependencies"]["tflite-runtime"]))
END
$python -m pip install --quiet --disable-pip-version-check --requirement .venv-tflite/requirements.txt
