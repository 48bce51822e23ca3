"""Which tokens may be drawn, and how likely is each? As transformers' processors leave them, for the sampler's tests.

    python sampling.py OUTPUT_FOLDER
"""
import json
import sys
from pathlib import Path

sys.dont_write_bytecode = True
import torch
from transformers import (
    LogitsProcessorList,
    MinPLogitsWarper,
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
    TypicalLogitsWarper,
)

from qwen2 import MADE_WITH, emptied

VOCABULARY = 40
# Each as generation_config.json would have it; processors in the order of transformers' generate.
CASES = [
    dict(temperature=1.0),
    dict(temperature=0.7, top_k=12),
    dict(temperature=1.3, top_p=0.8),
    dict(temperature=0.9, min_p=0.08),
    dict(temperature=1.0, typical_p=0.6),
    dict(temperature=1.1, typical_p=0.95, top_k=20),
    dict(temperature=0.8, top_k=25, top_p=0.9, min_p=0.03, typical_p=0.9),
    dict(temperature=1.0, repetition_penalty=1.3),
    dict(temperature=0.6, repetition_penalty=0.8, top_p=0.95),
    dict(temperature=1.5, repetition_penalty=1.1, min_p=0.1, top_k=30),
]


def processors(case):
    made = LogitsProcessorList()
    if "repetition_penalty" in case:
        made.append(RepetitionPenaltyLogitsProcessor(case["repetition_penalty"]))
    made.append(TemperatureLogitsWarper(case["temperature"]))
    for name, warper in [
        ("top_k", TopKLogitsWarper),
        ("top_p", TopPLogitsWarper),
        ("min_p", MinPLogitsWarper),
        ("typical_p", TypicalLogitsWarper),
    ]:
        if name in case:
            made.append(warper(case[name]))
    return made


def main():
    folder = emptied(Path(sys.argv[1]))
    torch.manual_seed(30)
    golden = []
    for number, case in enumerate(CASES):
        for scale in (1.0, 3.0):
            # Rounded, so that the file says exactly what was computed with; fine enough that no two are equal.
            logits = (torch.randn(VOCABULARY) * scale * 4096).round() / 4096
            prompt = [3, 7, 7, 12, (number * 5) % VOCABULARY]
            written = [number % VOCABULARY, 30, 30]
            scores = processors(case)(torch.tensor([prompt + written]), logits[None])
            shares = torch.softmax(scores.double(), dim=-1)[0]
            golden.append(
                {
                    "options": case,
                    "logits": logits.tolist(),
                    "prompt": prompt,
                    "written": written,
                    "shares": [[i, float(p)] for i, p in enumerate(shares) if p > 0],
                }
            )
    text = json.dumps({"made_with": MADE_WITH, "cases": golden}, indent=1)
    (folder / "golden.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
