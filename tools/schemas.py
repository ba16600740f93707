"""Write the JSON Schemas of the messages to stream/schemas: `python tools/schemas.py`."""

import json
from pathlib import Path

from stream.messages import schemas

FOLDER = Path(__file__).parents[1] / "stream" / "schemas"

if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, schema in schemas().items():
        (FOLDER / name).write_text(json.dumps(schema, indent=2, ensure_ascii=False) + "\n", "utf-8")
        print(FOLDER / name)
