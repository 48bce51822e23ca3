"""What should a reader of GGUF files see, and what does llama.cpp compute from them?

    python xtask/golden/by_hand/gguf_files.py OUT_DIR LLAMA_SOURCE LLAMA_BUILD

LLAMA_SOURCE is the unpacked source package of llama-cpp-python, LLAMA_BUILD the folder in which its
vendor/llama.cpp was built with the target llama-quantize; the packages diskcache and sentencepiece are
needed too. For tiny random checkpoints of each architecture this writes

    OUT_DIR/NAME/              the checkpoint in Hugging Face layout
    OUT_DIR/NAME-FORMAT.gguf   what llama.cpp's converter and quantiser make of it
    OUT_DIR/NAME-FORMAT.json   the type of every tensor; fixed token ids; the logits at every position
                               that llama.cpp computes from the file ("logits"), and from the same
                               weights turned back to F32 ("exact": its activations are then not
                               rounded to 8 bits for the products)
    OUT_DIR/NAME.json          what the tokenizer in the file makes of some texts
    OUT_DIR/blocks/TYPE.npz    for every block type: "raw" bytes of some quantised rows and their
                               "values"; "wild" random blocks and their "wild_values"

with one thread, an F32 cache and no flash attention. Everything follows from fixed seeds.
"""

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

OUT, SOURCE, BUILD = (Path(argument).resolve() for argument in sys.argv[1:4])
sys.path[:0] = [str(SOURCE), str(SOURCE / "vendor/llama.cpp"), str(SOURCE / "vendor/llama.cpp/gguf-py")]
os.environ["LLAMA_CPP_LIB_PATH"] = str(BUILD / "bin")

import gguf  # noqa: E402
import llama_cpp  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402
import transformers  # noqa: E402
from conversion import ModelBase, ModelType, get_model_architecture, get_model_class  # noqa: E402
from conversion.base import TextModel  # noqa: E402
from tokenizers import (  # noqa: E402
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    trainers,
)

FORMATS = [
    "F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q2_K", "Q3_K_M", "Q4_K_M", "Q5_K_M",
    "Q6_K", "IQ4_NL",
]
VOCABULARY = 300
IDS = [(7 + 37 * i + 11 * i * i) % VOCABULARY for i in range(24)]
TEXTS = [
    "", "int main(void) { return 0; }\n", "  if (x == 12345)\n\t\treturn y;", "naïve — 漢字 🙂", "the name of the thing",
]
CORPUS = "static int copy_name(char *target, size_t size) { return 1234; }\nthe name is set to 123 here\n"
# Qwen2's split rule; Llama 3's takes up to three digits at once.
SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}DIGITS| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
WIDE = dict(
    vocab_size=VOCABULARY, hidden_size=256, intermediate_size=512, num_hidden_layers=2, num_attention_heads=4,
    num_key_value_heads=2, max_position_embeddings=512,
)
PLAIN = {"rope_type": "default", "rope_theta": 10000.0}
# The words that Llama 3.1 uses, with lengths at which 24 tokens feel the scaling.
SCALED = {
    "rope_type": "llama3", "rope_theta": 10000.0, "factor": 8.0, "low_freq_factor": 1.0,
    "high_freq_factor": 4.0, "original_max_position_embeddings": 32,
}
MODELS = {
    "llama": dict(
        form=("Llama", "llama-bpe"), config=WIDE | dict(rope_parameters=PLAIN, tie_word_embeddings=False),
    ),
    "llama3": dict(
        form=("Llama", "llama-bpe"), config=WIDE | dict(rope_parameters=SCALED, tie_word_embeddings=True),
    ),
    "mistral": dict(
        form=("Mistral", None),
        config=WIDE | dict(rope_parameters=PLAIN, tie_word_embeddings=False, sliding_window=None, head_dim=64),
    ),
    "qwen2": dict(
        form=("Qwen2", "qwen2"), config=WIDE | dict(rope_parameters=PLAIN, tie_word_embeddings=True),
    ),
    "qwen3": dict(
        form=("Qwen3", "qwen2"),
        config=WIDE | dict(rope_parameters=PLAIN, tie_word_embeddings=True, head_dim=128),
    ),
    "starcoder2": dict(
        form=("Starcoder2", "starcoder"),
        config=WIDE | dict(rope_parameters=PLAIN, tie_word_embeddings=True, sliding_window=None, use_bias=True),
    ),
    # No row is a multiple of 256, so the quantiser falls back from the K types.
    "narrow": dict(
        form=("Qwen2", "qwen2"),
        config=WIDE
        | dict(
            hidden_size=192, intermediate_size=416, num_attention_heads=3, num_key_value_heads=1,
            rope_parameters=PLAIN, tie_word_embeddings=True,
        ),
    ),
}


def splitter(split):
    if split == "starcoder":
        parts = [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    else:
        pattern = SPLIT.replace("DIGITS", "{1,3}" if split == "llama-bpe" else "")
        parts = [
            pre_tokenizers.Split(Regex(pattern), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    return pre_tokenizers.Sequence(parts)


def byte_level(split):
    """GPT-2's form: the bytes, some merges, three special tokens."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = splitter(split)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY - len(special), initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator([CORPUS], trainer)
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in special])
    return tokenizer, {"bos_token": special[0], "eos_token": special[2], "tokenizer_class": "PreTrainedTokenizerFast"}


def sentence_piece():
    """Llama 2's and Mistral's form: pieces with a mark for the space, and bytes for what has none."""
    letters = ["▁", *(chr(c) for c in range(ord("a"), ord("z") + 1))]
    pairs = ["▁t", "he", "▁the", "in", "an", "er", "re", "▁n", "am", "▁nam", "▁name", "on", "or", "st"]
    special = ["<unk>", "<s>", "</s>"]
    tokens = special + [f"<0x{byte:02X}>" for byte in range(256)] + letters + pairs
    assert len(tokens) == VOCABULARY
    known = set(letters)
    merges = []
    for pair in pairs:
        first = next(pair[:at] for at in range(len(pair) - 1, 0, -1) if pair[:at] in known and pair[at:] in known)
        merges.append((first, pair[len(first) :]))
        known.add(pair)
    tokenizer = Tokenizer(
        models.BPE(
            vocab={token: i for i, token in enumerate(tokens)}, merges=merges, unk_token="<unk>", fuse_unk=True,
            byte_fallback=True,
        )
    )
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in special])
    return tokenizer, {
        "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "tokenizer_class": "PreTrainedTokenizerFast",
    }


def write_checkpoint(folder, model, seed):
    folder.mkdir(parents=True, exist_ok=True)
    form = model["form"][0]
    config = getattr(transformers, f"{form}Config")(bos_token_id=297, eos_token_id=299, **model["config"])
    torch.manual_seed(seed)
    network = getattr(transformers, f"{form}ForCausalLM")(config).float().eval()
    with torch.no_grad():
        for name, parameter in sorted(network.named_parameters()):
            if "norm" in name and name.endswith("weight"):
                parameter.copy_(1 + 0.2 * torch.randn(parameter.shape))
            elif parameter.dim() == 1:
                parameter.copy_(0.2 * torch.randn(parameter.shape))
            else:
                parameter.copy_(torch.randn(parameter.shape) / parameter.shape[1] ** 0.5)
    network.save_pretrained(folder)
    tokenizer, settings = sentence_piece() if model["form"][1] is None else byte_level(model["form"][1])
    tokenizer.save(str(folder / "tokenizer.json"))
    write_json(folder / "tokenizer_config.json", settings)
    with torch.no_grad():
        return tokenizer, network(input_ids=torch.tensor([IDS]), use_cache=False).logits[0].numpy()


def convert(folder, target, split):
    """convert_hf_to_gguf.py --outtype f32, with the name of the split rule given: it knows only hashes."""
    TextModel.get_vocab_base_pre = lambda self, tokenizer: split
    kind = get_model_class(get_model_architecture(ModelBase.load_hparams(folder, False), ModelType.TEXT))
    with torch.inference_mode():
        kind(folder, gguf.LlamaFileType.ALL_F32, target).write()


def quantise(source, target, kind):
    subprocess.run(
        [BUILD / "bin/llama-quantize", "--allow-requantize", source, target, kind, "1"], check=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )


@contextlib.contextmanager
def opened(path):
    settings = llama_cpp.llama_model_default_params()
    model = llama_cpp.llama_model_load_from_file(str(path).encode(), settings)
    assert model, path
    yield model
    llama_cpp.llama_model_free(model)


def logits(path):
    with opened(path) as model:
        settings = llama_cpp.llama_context_default_params()
        settings.n_ctx = 64
        settings.n_threads = settings.n_threads_batch = 1
        settings.type_k = settings.type_v = llama_cpp.GGML_TYPE_F32
        settings.flash_attn_type = llama_cpp.LLAMA_FLASH_ATTN_TYPE_DISABLED
        context = llama_cpp.llama_init_from_model(model, settings)
        batch = llama_cpp.llama_batch_init(len(IDS), 0, 1)
        batch.n_tokens = len(IDS)
        for i, token in enumerate(IDS):
            batch.token[i], batch.pos[i], batch.n_seq_id[i] = token, i, 1
            batch.seq_id[i][0], batch.logits[i] = 0, True
        assert llama_cpp.llama_decode(context, batch) == 0
        rows = [
            np.ctypeslib.as_array(llama_cpp.llama_get_logits_ith(context, i), (VOCABULARY,)).copy()
            for i in range(len(IDS))
        ]
        llama_cpp.llama_batch_free(batch)
        llama_cpp.llama_free(context)
    return np.stack(rows)


def encode(path, text):
    with opened(path) as model:
        ids = (llama_cpp.llama_token * 512)()
        vocabulary = llama_cpp.llama_model_get_vocab(model)
        raw = text.encode()
        count = llama_cpp.llama_tokenize(vocabulary, raw, len(raw), ids, 512, False, False)
        return list(ids[:count])


def numbers(rows):
    return [[float(f"{value:.7g}") for value in row] for row in rows]


def write_json(path, value):
    path.write_text(json.dumps(value, ensure_ascii=False) + "\n", encoding="utf-8")


def keep_blocks(path, random):
    for tensor in gguf.GGUFReader(path).tensors:
        kind, target = tensor.tensor_type, OUT / "blocks" / f"{tensor.tensor_type.name}.npz"
        if kind.name == "F32" or target.exists():
            continue
        # Two-byte types come as numbers.
        raw = np.ascontiguousarray(tensor.data[:4]).view(np.uint8)
        values = gguf.dequantize(raw, kind).astype(np.float32)
        _, size = gguf.GGML_QUANT_SIZES[kind]
        wild = random.integers(0, 256, (256, size), np.uint8)
        with np.errstate(all="ignore"):
            wild_values = gguf.dequantize(wild, kind).astype(np.float32)
        finite = np.isfinite(wild_values).all(axis=1)
        np.savez(target, raw=raw, values=values, wild=wild[finite][:64], wild_values=wild_values[finite][:64])


def main():
    torch.set_num_threads(1)
    llama_cpp.llama_log_set(QUIET, None)
    llama_cpp.llama_backend_init()
    (OUT / "blocks").mkdir(parents=True, exist_ok=True)
    for old in (OUT / "blocks").iterdir():
        old.unlink()
    random = np.random.default_rng(5)
    back = OUT / "back.gguf"
    for seed, (name, model) in enumerate(MODELS.items()):
        whole = OUT / f"{name}-F32.gguf"
        tokenizer, reference = write_checkpoint(OUT / name, model, seed)
        convert(OUT / name, whole, model["form"][1])
        texts = [
            {
                "text": text, "tokenizers": tokenizer.encode(text, add_special_tokens=False).ids,
                "llama.cpp": encode(whole, text),
            }
            for text in TEXTS
        ]
        write_json(OUT / f"{name}.json", {"texts": texts})
        for kind in FORMATS:
            path = OUT / f"{name}-{kind}.gguf"
            if kind != "F32":
                quantise(whole, path, kind)
            quantise(path, back, "F32")
            found, exact = logits(path), logits(back)
            types = {tensor.name: tensor.tensor_type.name for tensor in gguf.GGUFReader(path).tensors}
            write_json(
                path.with_suffix(".json"),
                {"types": types, "ids": IDS, "logits": numbers(found), "exact": numbers(exact)},
            )
            keep_blocks(path, random)
            print(
                f"{path.name}: off by {np.abs(found - exact).max():.2g} from exact, by"
                f" {np.abs(found - reference).max():.2g} from transformers; {' '.join(sorted(set(types.values())))}",
                flush=True,
            )
    back.unlink()


@llama_cpp.llama_log_callback
def QUIET(level, text, data):
    pass


if __name__ == "__main__":
    main()
