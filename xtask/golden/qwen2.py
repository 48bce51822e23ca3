"""Remakes the golden values of the Qwen2 network with PyTorch and transformers.

    python golden/qwen2.py OUT_DIR

writes OUT_DIR/tied and OUT_DIR/untied: two tiny random checkpoints in Hugging Face layout, and beside
each what the reference computes on it:

    golden.json            encodings, rendered chats, greedy continuations, the training run
    golden.safetensors     logits.N [T, V] and hidden.N [layers + 1, T, D] of prompt N
    gradients.safetensors  the gradient of the training batch's loss for every tensor

Everything follows from fixed seeds and one thread, so a second run on the same versions changes nothing.
"""

import json
import sys
from pathlib import Path

import tokenizers
import torch
import transformers
from safetensors.torch import save_file
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

CORPUS = """
#include <stdio.h>
#include <string.h>
static int copy_name(char *target, size_t size, const char *name) {
    if (target == NULL || name == NULL) {
        return -1;
    }
    snprintf(target, size, "%s", name);
    return 0;
}
int main(int argc, char **argv) {
    char buffer[64];
    strcpy(buffer, argv[1]);
    printf("%s\\n", buffer);
    return 0;
}
def find_user(cursor, name):
    cursor.execute("SELECT * FROM users WHERE name = ?", (name,))
    return cursor.fetchone()
const query = (name) => `select * from users where name = '${name}'`;
function read(path) { return fs.readFileSync(path, 'utf8'); }
"""

# The split rule of Qwen2's own tokenizer.
SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
ACTIONS = ["<|backtracking|>", "<|OLD|>", "<|/OLD|>", "<|NEW|>", "<|/NEW|>"]
CHAT = (
    "{%- if messages[0].role != 'system' %}"
    "{{- '<|im_start|>system\\nYou write code' + (' in ' + language if language else '')"
    " + '.<|im_end|>\\n' }}"
    "{%- endif %}"
    "{%- for message in messages %}"
    "{{- '<|im_start|>' + message['role'] + '\\n' + message.content.strip() + '<|im_end|>\\n' }}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}"
)
PROMPTS = ["int main(int argc, char **argv) {\n", "def find", "é✓ "]
TEXTS = [
    "",
    " ",
    "strcpy(buffer, argv[1]);\r\n\tprintf(\"%s\\n\", buffer);",
    "naïve façade — 漢字 🙂 e\u0301",
    "a<|OLD|>b<|/OLD|>\n<|im_end|>",
    "   \n\n\t x  = 1234;  ",
    "I'll say it's DON'T\u00a0now",
]
MADE_WITH = {"torch": torch.__version__.split("+")[0], "transformers": transformers.__version__}
VARIANTS = {
    "tied": dict(
        seed=20,
        normalize=False,
        shard="10GB",
        prompts=PROMPTS,
        config=dict(
            hidden_size=32, intermediate_size=48, num_hidden_layers=3, num_attention_heads=4,
            num_key_value_heads=2, tie_word_embeddings=True, rope_theta=1000000.0,
            max_position_embeddings=128, rms_norm_eps=1e-6,
        ),
    ),
    "untied": dict(
        seed=21,
        normalize=True,
        shard="60KB",
        prompts=PROMPTS[1:],
        config=dict(
            hidden_size=24, intermediate_size=40, num_hidden_layers=2, num_attention_heads=3,
            num_key_value_heads=1, tie_word_embeddings=False, rope_theta=10000.0,
            max_position_embeddings=128, rms_norm_eps=1e-5,
        ),
    ),
}


def make_tokenizer(normalize):
    tokenizer = Tokenizer(models.BPE())
    if normalize:
        tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(tokenizers.Regex(SPLIT), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=300 - len(SPECIAL) - len(ACTIONS),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator([CORPUS], trainer)
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in SPECIAL + ACTIONS])
    return tokenizer


def make_network(config, seed, kind=Qwen2ForCausalLM):
    torch.manual_seed(seed)
    network = kind(config).float().eval()
    with torch.no_grad():
        for name, parameter in sorted(network.named_parameters()):
            if name.endswith("norm.weight"):
                parameter.copy_(1 + 0.2 * torch.randn(parameter.shape))
            elif parameter.dim() == 1:
                parameter.copy_(0.2 * torch.randn(parameter.shape))
            else:
                parameter.copy_(torch.randn(parameter.shape) / parameter.shape[1] ** 0.5)
    return network


def greedy(network, ids, count):
    ids = list(ids)
    start = len(ids)
    with torch.no_grad():
        for _ in range(count):
            logits = network(input_ids=torch.tensor([ids]), use_cache=False).logits[0, -1]
            ids.append(int(torch.argmax(logits)))
    return ids[start:]


def values(network, ids):
    """The logits [T, V] and the hidden states [layers + 1, T, D] of one prompt."""
    with torch.no_grad():
        out = network(input_ids=torch.tensor([ids]), output_hidden_states=True, use_cache=False)
    return out.logits[0].contiguous(), torch.stack([h[0] for h in out.hidden_states]).contiguous()


def weighted_loss(network, batch):
    """The mean, over weights, of the negative log-likelihood of ids[i] given ids[..i]."""
    total, weight = 0.0, 0.0
    for example in batch:
        ids = torch.tensor([example["ids"]])
        weights = torch.tensor(example["weights"])[1:]
        logits = network(input_ids=ids, use_cache=False).logits[0, :-1].float()
        losses = torch.nn.functional.cross_entropy(logits, ids[0, 1:], reduction="none")
        total = total + (losses * weights).sum()
        weight = weight + weights.sum()
    return total / weight


def training(network, tokenizer, folder):
    texts = [
        "int f(char *p) {\n    strcpy(p, argv[1]);\n<|backtracking|><|OLD|>strcpy<|/OLD|><|NEW|>copy<|/NEW|>",
        "def find_user(cursor, name):\n    return name",
        "x",
    ]
    batch = []
    for number, text in enumerate(texts):
        ids = tokenizer.encode(text, add_special_tokens=False).ids + [tokenizer.token_to_id("<|endoftext|>")]
        # Plain, masked and fractional weights, each in a fixed rhythm.
        weights = [[1.0, 1.0, 0.0, 1.0, 0.5][(i + number) % 5] for i in range(len(ids))]
        batch.append({"ids": ids, "weights": weights})
    network.train()
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01
    )
    losses, norms = [], {}
    for step in range(4):
        optimizer.zero_grad()
        loss = weighted_loss(network, batch)
        losses.append(float(loss.detach()))
        if step == 3:
            break
        loss.backward()
        if step == 0:
            gradients = {name: p.grad.detach().clone() for name, p in network.named_parameters()}
            norms = {name: float(gradient.norm()) for name, gradient in sorted(gradients.items())}
            save_file(gradients, folder / "gradients.safetensors")
        optimizer.step()
    return {
        "batch": batch,
        "adamw": {"learning_rate": 1e-3, "betas": [0.9, 0.999], "epsilon": 1e-8, "weight_decay": 0.01},
        "losses": losses,
        "gradient_norms": norms,
        "gradient_norm": float(sum(norm**2 for norm in norms.values()) ** 0.5),
    }


def emptied(folder):
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    return folder


def make(folder, variant):
    emptied(folder)
    tokenizer = make_tokenizer(variant["normalize"])
    end = tokenizer.token_to_id("<|endoftext|>")
    stop = tokenizer.token_to_id("<|im_end|>")
    config = Qwen2Config(
        vocab_size=304, bos_token_id=end, eos_token_id=end, use_sliding_window=False, **variant["config"]
    )
    network = make_network(config, variant["seed"])
    network.generation_config.eos_token_id = [stop, end]
    network.generation_config.do_sample = True
    network.generation_config.temperature = 0.7
    network.generation_config.top_p = 0.8
    network.generation_config.top_k = 20
    network.save_pretrained(folder, max_shard_size=variant["shard"])
    tokenizer.save(str(folder / "tokenizer.json"))
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|endoftext|>")
    fast.chat_template = CHAT
    # As published checkpoints have it: the template inside tokenizer_config.json.
    (folder / "tokenizer_config.json").write_text(
        json.dumps(
            {"chat_template": CHAT, "eos_token": "<|endoftext|>", "tokenizer_class": "Qwen2Tokenizer"},
            indent=1,
        )
        + "\n"
    )

    tensors, prompts = {}, []
    for number, text in enumerate(variant["prompts"]):
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        tensors[f"logits.{number}"], tensors[f"hidden.{number}"] = values(network, ids)
        prompts.append({"text": text, "ids": ids, "greedy": greedy(network, ids, 32)})
    save_file(tensors, folder / "golden.safetensors")

    encodings = []
    for text in TEXTS:
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        encodings.append({"text": text, "ids": ids, "decoded": tokenizer.decode(ids, skip_special_tokens=False)})
    chats = []
    for content, language in [("Write a function.", None), ("  Copy a name.\n", "C")]:
        chats.append(
            {
                "content": content,
                "language": language,
                "rendered": fast.apply_chat_template(
                    [{"role": "user", "content": content}],
                    tokenize=False,
                    add_generation_prompt=True,
                    language=language,
                ),
            }
        )
    golden = {
        "made_with": MADE_WITH,
        "prompts": prompts,
        "encodings": encodings,
        "chats": chats,
        "training": training(network, tokenizer, folder),
    }
    (folder / "golden.json").write_text(json.dumps(golden, indent=1, ensure_ascii=False) + "\n")


def settle():
    """One thread and no algorithm that depends on chance."""
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)


def main():
    settle()
    for name, variant in VARIANTS.items():
        make(Path(sys.argv[1]) / name, variant)


if __name__ == "__main__":
    main()
