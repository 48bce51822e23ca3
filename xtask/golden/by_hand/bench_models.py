"""Which checkpoints do the speed figures stand on?

    python xtask/golden/by_hand/bench_models.py OUT_DIR [--only tiny,mid,half] [--quantize LLAMA_QUANTIZE]
                                  [--types F16,Q8_0,Q4_K_M] [--tests Q4_0,Q6_K,...]

writes OUT_DIR/tiny, OUT_DIR/mid and OUT_DIR/half: Qwen2-form checkpoints with random weights in Hugging
Face layout, and OUT_DIR/NAME-F32.gguf with the same weights. With --quantize, the path of llama.cpp's
llama-quantize, that file is also written in each of --types, and mid in each of --tests.

    name   layers x width  heads / kv  inner  vocabulary  parameters
    tiny        4 x 256      4 / 2      1024      4096       4.99 M
    mid        12 x 1024    16 / 4      4096     32000     215.3 M
    half       24 x 896     14 / 2      4864     32000     386.6 M   (Qwen2.5-0.5B's, with fewer words)

All have 64 values a head, biases on q, k and v, and the embedding as the head. The tokenizer knows single
bytes, pairs of letters and Qwen2's special tokens; the ids above them are never written by it. Everything
follows from fixed seeds, so a second run on the same versions changes nothing.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

import gguf
import numpy as np
from safetensors import safe_open
from safetensors.numpy import save_file

MODELS = {
    "tiny": dict(seed=1, layers=4, width=256, heads=4, kv=2, inner=1024, vocabulary=4096),
    "mid": dict(seed=2, layers=12, width=1024, heads=16, kv=4, inner=4096, vocabulary=32000),
    "half": dict(seed=3, layers=24, width=896, heads=14, kv=2, inner=4864, vocabulary=32000),
}
HEAD = 64
CONTEXT = 32768
EPSILON = 1e-6
THETA = 1000000.0
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
CHAT = (
    "{%- for message in messages %}"
    "{{- '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}"
)


def byte_characters():
    """The printable character that stands for each byte in GPT-2's form of BPE."""
    plain = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    characters, spare = [], 256
    for byte in range(256):
        if byte in plain:
            characters.append(chr(byte))
        else:
            characters.append(chr(spare))
            spare += 1
    return characters


def vocabulary():
    """The tokens in the order of their ids, and the merges."""
    letters = [chr(c) for c in range(ord("a"), ord("z") + 1)]
    space = byte_characters()[ord(" ")]
    merges = [(first, second) for first in [space, *letters] for second in letters]
    return byte_characters() + [first + second for first, second in merges] + SPECIAL, merges


def write_tokenizer(folder):
    tokens, merges = vocabulary()
    first = len(tokens) - len(SPECIAL)
    added = [
        dict(
            id=first + i, content=token, single_word=False, lstrip=False, rstrip=False, normalized=False,
            special=True,
        )
        for i, token in enumerate(SPECIAL)
    ]
    tokenizer = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": added,
        "normalizer": None,
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": [
                {"type": "Split", "pattern": {"Regex": SPLIT}, "behavior": "Isolated", "invert": False},
                {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False},
            ],
        },
        "post_processor": None,
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        "model": {
            "type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
            "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
            "vocab": {token: i for i, token in enumerate(tokens[:first])},
            "merges": [list(pair) for pair in merges],
        },
    }
    write_json(folder / "tokenizer.json", tokenizer)
    write_json(
        folder / "tokenizer_config.json",
        {
            "add_prefix_space": False, "bos_token": None, "chat_template": CHAT, "eos_token": "<|im_end|>",
            "pad_token": "<|endoftext|>", "tokenizer_class": "Qwen2Tokenizer", "unk_token": None,
        },
    )


def write_json(path, value):
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def shapes(model):
    width, inner, kv = model["width"], model["inner"], model["kv"] * HEAD
    found = {"model.embed_tokens.weight": (model["vocabulary"], width), "model.norm.weight": (width,)}
    for layer in range(model["layers"]):
        at = f"model.layers.{layer}"
        found |= {
            f"{at}.input_layernorm.weight": (width,),
            f"{at}.self_attn.q_proj.weight": (model["heads"] * HEAD, width),
            f"{at}.self_attn.q_proj.bias": (model["heads"] * HEAD,),
            f"{at}.self_attn.k_proj.weight": (kv, width),
            f"{at}.self_attn.k_proj.bias": (kv,),
            f"{at}.self_attn.v_proj.weight": (kv, width),
            f"{at}.self_attn.v_proj.bias": (kv,),
            f"{at}.self_attn.o_proj.weight": (width, model["heads"] * HEAD),
            f"{at}.post_attention_layernorm.weight": (width,),
            f"{at}.mlp.gate_proj.weight": (inner, width),
            f"{at}.mlp.up_proj.weight": (inner, width),
            f"{at}.mlp.down_proj.weight": (width, inner),
        }
    return found


def write_checkpoint(folder, model):
    folder.mkdir(parents=True, exist_ok=True)
    end = len(vocabulary()[0]) - len(SPECIAL)
    random = np.random.default_rng(model["seed"])
    tensors = {}
    for name, shape in shapes(model).items():
        if name.endswith("norm.weight"):
            tensors[name] = np.ones(shape, np.float32)
        else:
            tensors[name] = random.standard_normal(shape, np.float32)
            tensors[name] *= np.float32(0.02)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    write_json(
        folder / "config.json",
        {
            "architectures": ["Qwen2ForCausalLM"], "attention_dropout": 0.0, "bos_token_id": end,
            "eos_token_id": end + 2, "hidden_act": "silu", "hidden_size": model["width"],
            "initializer_range": 0.02, "intermediate_size": model["inner"],
            "max_position_embeddings": CONTEXT, "max_window_layers": model["layers"], "model_type": "qwen2",
            "num_attention_heads": model["heads"], "num_hidden_layers": model["layers"],
            "num_key_value_heads": model["kv"], "rms_norm_eps": EPSILON, "rope_theta": THETA,
            "sliding_window": CONTEXT, "tie_word_embeddings": True, "torch_dtype": "float32",
            "use_cache": True, "use_sliding_window": False, "vocab_size": model["vocabulary"],
        },
    )
    write_json(
        folder / "generation_config.json",
        {"bos_token_id": end, "do_sample": False, "eos_token_id": [end + 2, end], "pad_token_id": end},
    )
    write_tokenizer(folder)
    return sum(tensor.size for tensor in tensors.values())


def write_gguf(path, folder, name, model):
    tokens, merges = vocabulary()
    end = len(tokens) - len(SPECIAL)
    unused = range(len(tokens), model["vocabulary"])
    writer = gguf.GGUFWriter(path, "qwen2")
    writer.add_type(gguf.GGUFType.MODEL)
    writer.add_name(name)
    writer.add_block_count(model["layers"])
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(model["width"])
    writer.add_feed_forward_length(model["inner"])
    writer.add_head_count(model["heads"])
    writer.add_head_count_kv(model["kv"])
    writer.add_rope_freq_base(THETA)
    writer.add_layer_norm_rms_eps(EPSILON)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens + [f"[PAD{i}]" for i in unused])
    kinds = [gguf.TokenType.NORMAL] * end + [gguf.TokenType.CONTROL] * len(SPECIAL)
    writer.add_token_types(kinds + [gguf.TokenType.UNUSED] * len(unused))
    writer.add_token_merges([" ".join(pair) for pair in merges])
    writer.add_bos_token_id(end)
    writer.add_eos_token_id(end + 2)
    writer.add_pad_token_id(end)
    writer.add_add_bos_token(False)
    writer.add_chat_template(CHAT)
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.QWEN2, model["layers"])
    with safe_open(folder / "model.safetensors", framework="numpy") as file:
        for tensor in shapes(model):
            writer.add_tensor(names.get_name(tensor, try_suffixes=(".weight", ".bias")), file.get_tensor(tensor))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def split(text):
    return [word for word in text.split(",") if word]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--only", type=split, default=list(MODELS))
    parser.add_argument("--quantize", type=Path)
    parser.add_argument("--types", type=split, default=["F16", "Q8_0", "Q4_K_M"])
    parser.add_argument("--tests", type=split, default=[])
    arguments = parser.parse_args()
    for name in arguments.only:
        model, folder = MODELS[name], arguments.out / name
        count = write_checkpoint(folder, model)
        print(f"{name}: {count:,} parameters", flush=True)
        whole = arguments.out / f"{name}-F32.gguf"
        write_gguf(whole, folder, name, model)
        if arguments.quantize:
            for kind in arguments.types + (arguments.tests if name == "mid" else []):
                target = arguments.out / f"{name}-{kind}.gguf"
                subprocess.run(
                    [arguments.quantize, whole, target, kind], check=True, stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
                print(f"{target.name}: {target.stat().st_size:,} bytes", flush=True)


if __name__ == "__main__":
    main()
