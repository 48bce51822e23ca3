"""What do transformers' Llama, Mistral, Qwen2, Qwen3 and StarCoder2 compute, with every oddity that each can have?

    python golden/architectures.py OUT_DIR

writes OUT_DIR/tokenizer.json, which all share, and one folder for each of VARIANTS: a tiny random
checkpoint in Hugging Face layout without a tokenizer, and beside it what the reference computes on it:

    golden.json              ids of the prompts, and 32 ids that continue each greedily
    golden.safetensors       hidden.N [layers + 1, T, D] of prompt N, the last after the final norm;
                             logits.N [min(T, 4), V] of its last positions
    golden-bf16.safetensors  for some: logits_bf16.N, as logits.N, by the network loaded in bfloat16:
                             weights rounded, numbers rounded after every operation, stored as f32

Everything follows from fixed seeds and one thread, so a second run on the same versions changes nothing.
That a window, a scaling or a bias matters is checked here: without it other logits must come out.

Rope scaling of type `dynamic` is left out. Its frequencies depend on the number of positions seen so far,
so a cached key was rotated by others than the whole prompt at once gives it: there is no one right answer.
"""

import json
import os
import sys
from pathlib import Path

# Nothing may appear beside the scripts.
sys.dont_write_bytecode = True
# bfloat16 rounds so coarsely that another order of the same sums shows, and faster kernels sum in the order
# that suits the processor: the plainest ones then, which are the same everywhere. Read when torch starts.
os.environ["ATEN_CPU_CAPABILITY"] = "default"

import torch
import transformers
from safetensors.torch import save_file

from qwen2 import MADE_WITH, emptied, greedy, make_network, make_tokenizer, settle, values

# One id, some, more than a window holds, and more than the positions that scaled ropes start from.
LENGTHS = [1, 7, 40, 90]
# Rows of logits kept for each prompt: the hidden states say the rest.
ROWS = 4
# The share of the largest logit by which the best must lead, so that no rounding can change a continuation.
LEAD = 2e-4
# Unless a variant says otherwise.
COMMON = dict(
    vocab_size=304, hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2,
    num_key_value_heads=2, max_position_embeddings=128, attn_implementation="eager",
)


def plain(theta):
    return dict(rope_type="default", rope_theta=theta)


# Of each: the family, a seed, what the configuration says, and what it must not say for other logits to come out.
VARIANTS = {
    "llama-plain": dict(
        family="Llama", seed=30,
        config=dict(tie_word_embeddings=False, rope_parameters=plain(10000.0)),
        without=dict(rope_parameters=plain(10500.0)),
    ),
    "llama-grouped": dict(
        family="Llama", seed=110, bf16=True,
        config=dict(
            tie_word_embeddings=True, hidden_size=18, intermediate_size=20, num_attention_heads=6, head_dim=8,
            rms_norm_eps=1e-5, rope_parameters=plain(10000.0),
        ),
        without=dict(rms_norm_eps=1e-2),
    ),
    "llama-biased": dict(
        family="Llama", seed=102,
        config=dict(
            tie_word_embeddings=False, num_attention_heads=4, attention_bias=True, mlp_bias=True,
            rope_parameters=plain(10000.0),
        ),
        without=dict(mlp_bias=False),
    ),
    # The frequencies of this rope are one above both bounds, one between them and six below.
    "llama3-scaled": dict(
        family="Llama", seed=103, ends=["<|im_end|>", "<|endoftext|>"],
        config=dict(
            tie_word_embeddings=True, num_key_value_heads=1, head_dim=16, rms_norm_eps=1e-5,
            rope_parameters=dict(
                rope_type="llama3", rope_theta=10000.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
                original_max_position_embeddings=32,
            ),
        ),
        without=dict(rope_parameters=plain(10000.0)),
    ),
    "llama-linear": dict(
        family="Llama", seed=34,
        config=dict(
            tie_word_embeddings=False, rope_parameters=dict(rope_type="linear", rope_theta=100000.0, factor=4.0),
        ),
        without=dict(rope_parameters=plain(100000.0)),
    ),
    # The factor of the attention follows from that of the scaling.
    "llama-yarn": dict(
        family="Llama", seed=35,
        config=dict(
            tie_word_embeddings=True, num_key_value_heads=1, head_dim=16,
            rope_parameters=dict(
                rope_type="yarn", rope_theta=10000.0, factor=4.0, original_max_position_embeddings=32,
            ),
        ),
        without=dict(rope_parameters=plain(10000.0)),
    ),
    "llama-yarn-given": dict(
        family="Llama", seed=112,
        config=dict(
            tie_word_embeddings=True, num_key_value_heads=1, head_dim=16,
            rope_parameters=dict(
                rope_type="yarn", rope_theta=10000.0, factor=4.0, original_max_position_embeddings=32,
                attention_factor=1.25, beta_fast=2.0, beta_slow=0.25, truncate=False,
            ),
        ),
        without=dict(
            rope_parameters=dict(
                rope_type="yarn", rope_theta=10000.0, factor=4.0, original_max_position_embeddings=32,
                attention_factor=1.25, beta_fast=2.0, beta_slow=0.25,
            )
        ),
    ),
    "codellama": dict(
        family="Llama", seed=37,
        config=dict(tie_word_embeddings=False, rms_norm_eps=1e-5, rope_parameters=plain(1000000.0)),
        without=dict(rope_parameters=plain(10000.0)),
    ),
    "mistral-window": dict(
        family="Mistral", seed=38,
        config=dict(
            tie_word_embeddings=False, num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=1,
            rms_norm_eps=1e-5, sliding_window=8, rope_parameters=plain(10000.0),
        ),
        without=dict(sliding_window=None),
    ),
    "mistral-full": dict(
        family="Mistral", seed=39,
        config=dict(
            tie_word_embeddings=False, num_key_value_heads=1, head_dim=12, rms_norm_eps=1e-5, sliding_window=None,
            rope_parameters=plain(1000000.0),
        ),
        without=dict(sliding_window=8),
    ),
    # The first two layers see everything, the last two a window.
    "qwen2-window": dict(
        family="Qwen2", seed=102,
        config=dict(
            tie_word_embeddings=True, intermediate_size=20, num_hidden_layers=4, num_attention_heads=4,
            use_sliding_window=True, sliding_window=8, max_window_layers=2, rope_parameters=plain(1000000.0),
        ),
        without=dict(max_window_layers=3),
    ),
    "qwen3": dict(
        family="Qwen3", seed=128, bf16=True,
        config=dict(
            tie_word_embeddings=True, num_attention_heads=4, head_dim=8, rope_parameters=plain(1000000.0),
        ),
        without=dict(rope_parameters=plain(10000.0)),
    ),
    "qwen3-untied": dict(
        family="Qwen3", seed=105,
        config=dict(
            tie_word_embeddings=False, num_key_value_heads=1, head_dim=12, attention_bias=True,
            rope_parameters=plain(1000000.0),
        ),
        without=dict(attention_bias=False),
    ),
    "starcoder2": dict(
        family="Starcoder2", seed=132, bf16=True,
        config=dict(
            tie_word_embeddings=True, intermediate_size=40, num_attention_heads=4, sliding_window=8, use_bias=True,
            rope_parameters=plain(100000.0),
        ),
        without=dict(sliding_window=None),
    ),
    "starcoder2-full": dict(
        family="Starcoder2", seed=44,
        config=dict(
            tie_word_embeddings=False, intermediate_size=40, num_key_value_heads=1, sliding_window=None,
            use_bias=False, norm_epsilon=1e-6, rope_parameters=plain(100000.0),
        ),
        without=dict(sliding_window=8),
    ),
}


def prompt(number):
    """As many ids as LENGTHS says, each of the tokenizer's 300 as likely as another."""
    return [(7 + 41 * number + 59 * at + 13 * at * at * (number + 1)) % 300 for at in range(LENGTHS[number])]


def configured(variant, end, ends, **changes):
    kind = getattr(transformers, variant["family"] + "Config")
    words = COMMON | variant["config"] | changes
    # A configuration writes into the rope it is given.
    words["rope_parameters"] = dict(words["rope_parameters"])
    return kind(bos_token_id=end, eos_token_id=ends, **words)


def check_matters(network, other, name):
    """Fails where the network with another configuration and the same weights computes the same."""
    found = other.load_state_dict(network.state_dict(), strict=False)
    if found.missing_keys:
        raise ValueError(f"{name}: no weights for {found.missing_keys}")
    ids = prompt(2)
    logits, plain_logits = values(network, ids)[0][-1], values(other.eval(), ids)[0][-1]
    off = float((logits - plain_logits).abs().max() / logits.abs().max())
    print(f"{name}: without what is odd, the last of {len(ids)} positions is off by {off:.1e} of the largest")
    if off < 1e-3:
        raise ValueError(f"{name}: what is odd about it changes nothing")


def check_lead(network, ids, continuation, name):
    """Fails where rounding could decide which id comes next."""
    logits = values(network, ids + continuation)[0][len(ids) - 1 : -1]
    best, second = logits.topk(2).values.unbind(-1)
    lead = float(((best - second) / logits.abs().max(-1).values).min())
    if lead < LEAD:
        raise ValueError(f"{name}: two ids are nearly equally good ({lead:.1e}), take another seed")


def make(folder, name, variant, tokenizer):
    end = tokenizer.token_to_id("<|endoftext|>")
    ends = [tokenizer.token_to_id(token) for token in variant.get("ends", [])] or end
    kind = getattr(transformers, variant["family"] + "ForCausalLM")
    network = make_network(configured(variant, end, ends), variant["seed"], kind)
    check_matters(network, kind(configured(variant, end, ends, **variant["without"])).float(), name)
    network.save_pretrained(folder)

    tensors, prompts = {}, []
    for number in range(len(LENGTHS)):
        ids = prompt(number)
        logits, hidden = values(network, ids)
        tensors[f"logits.{number}"] = logits[-ROWS:].contiguous()
        tensors[f"hidden.{number}"] = hidden
        continuation = greedy(network, ids, 32)
        check_lead(network, ids, continuation, name)
        prompts.append({"ids": ids, "greedy": continuation})
    save_file(tensors, folder / "golden.safetensors")
    if variant.get("bf16"):
        # Loaded, not converted: the frequencies of the rope stay f32, as they do for whoever loads it.
        half = kind.from_pretrained(folder, dtype=torch.bfloat16, attn_implementation="eager").eval()
        with torch.backends.mkldnn.flags(enabled=False):
            rounded = {
                f"logits_bf16.{number}": values(half, prompt(number))[0][-ROWS:].float().contiguous()
                for number in range(len(LENGTHS))
            }
        save_file(rounded, folder / "golden-bf16.safetensors")
    golden = {"made_with": MADE_WITH, "prompts": prompts}
    (folder / "golden.json").write_text(json.dumps(golden, indent=1) + "\n")


def main():
    settle()
    transformers.logging.disable_progress_bar()
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    tokenizer = make_tokenizer(False)
    tokenizer.save(str(out / "tokenizer.json"))
    for name, variant in VARIANTS.items():
        make(emptied(out / name), name, variant, tokenizer)


if __name__ == "__main__":
    main()
