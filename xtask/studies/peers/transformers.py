"""How fast does transformers read a prompt and write on, in a number of lanes?

    python transformers.py MODEL LANES THREADS REPEATS PROMPT DECODE

MODEL is a folder; it is computed in float32. Prints one JSON line: medians over REPEATS of PROMPT tokens a lane read
and DECODE tokens a lane written, each the likeliest; and the process's largest memory. `cargo xtask speed --models`
runs it.
"""

import json
import resource
import statistics
import sys
import time

# This file's own folder comes first, and this file has the library's name.
sys.path.pop(0)

import torch
import transformers


def main():
    model = sys.argv[1]
    lanes, threads, repeats, prompt, decode = map(int, sys.argv[2:])
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    torch.set_num_threads(threads)
    prompts, decodes = [], []
    with torch.inference_mode():
        began = time.perf_counter()
        network = transformers.AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32).eval()
        vocabulary = network.config.vocab_size
        network(input_ids=torch.arange(16)[None] * 31 % vocabulary, logits_to_keep=1)
        loaded = time.perf_counter() - began
        at = torch.arange(prompt)
        ids = torch.stack([(at * at * 31 + at * 17 + lane * 101) % vocabulary for lane in range(lanes)])
        for _ in range(repeats):
            began = time.perf_counter()
            out = network(input_ids=ids, use_cache=True, logits_to_keep=1)
            prompts.append(lanes * prompt / (time.perf_counter() - began))
            began = time.perf_counter()
            for _ in range(decode):
                new = out.logits[:, -1:].argmax(-1)
                out = network(
                    input_ids=new, past_key_values=out.past_key_values, use_cache=True, logits_to_keep=1
                )
            decodes.append(lanes * decode / (time.perf_counter() - began))
    print(
        json.dumps(
            {
                "prompt_tps": statistics.median(prompts),
                "decode_tps": statistics.median(decodes),
                "load_s": loaded,
                "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            }
        )
    )


main()
