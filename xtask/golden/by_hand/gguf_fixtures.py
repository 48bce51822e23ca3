"""Which of the files that gguf_files.py makes go with the tests, and with which values?

    python gguf_fixtures.py FOLDER_OF_GGUF_FILES OUTPUT_FOLDER

Four GGUF files written by llama.cpp, with its logits (of the last four positions; `exact` are those on the same weights
widened to f32) and with how it splits some texts; and blocks of every format with the values that the `gguf` package
reads from them.
"""
import json
import shutil
import sys
from pathlib import Path

import numpy as np

FILES = ["llama3-Q4_K_M", "narrow-Q4_K_M", "mistral-Q3_K_M", "starcoder2-Q4_1"]
BLOCKS = 8


def main():
    made, folder = Path(sys.argv[1]), Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        shutil.copy(made / f"{name}.gguf", folder)
        values = json.loads((made / f"{name}.json").read_text())
        texts = json.loads((made / f"{name.split('-')[0]}.json").read_text())["texts"]
        kept = {
            "types": values["types"],
            "ids": values["ids"],
            "logits": values["logits"][-4:],
            "exact": values["exact"][-4:],
            "texts": [{"text": t["text"], "ids": t["llama.cpp"]} for t in texts],
        }
        (folder / f"{name}.json").write_text(json.dumps(kept) + "\n")
    blocks = {}
    for file in sorted((made / "blocks").glob("*.npz")):
        found = np.load(file)
        raw, values = found["wild"], found["wild_values"]
        raw, values = raw[:BLOCKS], values[:BLOCKS]
        blocks[file.stem] = {
            "bytes": [row.view(np.uint8).tolist() for row in raw],
            "values": [[float(v) for v in row] for row in values.astype(np.float32)],
        }
    (folder / "blocks.json").write_text(json.dumps(blocks) + "\n")


if __name__ == "__main__":
    main()
