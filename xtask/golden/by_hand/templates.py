"""What does transformers make of real chat templates?

    python xtask/golden/by_hand/templates.py TEMPLATES_DIR TEMPLATES_DIR/rendered.json

renders every TEMPLATES_DIR/*.jinja with each of CONVERSATIONS, the way apply_chat_template does, and with
TOOLS as well where the template speaks of them. The file is a JSON list of

    {"template", "conversation", "messages", "tools", "rendered" or "error"}

with add_generation_prompt true, bos_token "<s>", eos_token "</s>" and the clock stopped at NOW. What a
template makes of no tools is rendered with `tools` none, not undefined. No golden file comes from this:
the templates belong to others and are not committed.
"""

import datetime
import json
import sys
from pathlib import Path

from transformers.utils import chat_template_utils

# A day of one digit: `%d` must write two.
NOW = datetime.datetime(2024, 7, 5, 6, 7, 8)
ODD = "\n  \"double\" 'single' `back` <b>&amp;</b> \\n \\ {{ x }} {% y %} é 漢字 🙂 e\u0301\u00a0\ttab  \r\n\n"
CONVERSATIONS = {
    "user": [("user", "Write a function.")],
    "system": [("system", "You write C."), ("user", "Write a function.")],
    "turns": [("user", "Write a function."), ("assistant", "int f(void);"), ("user", "And another?")],
    "all": [
        ("system", "You write C."),
        ("user", "Write a function."),
        ("assistant", "int f(void);"),
        ("user", "And another?"),
    ],
    "odd": [("user", ODD)],
    "odd everywhere": [("system", ODD), ("user", ODD), ("assistant", ODD), ("user", ODD)],
    "empty": [("user", "")],
    "thought": [
        ("user", "Write a function."),
        ("assistant", "<think>\nShort is good.\n</think>\n\nint f(void);"),
        ("user", "And another?"),
    ],
}
WITH_TOOLS = ["user", "system"]
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "read_file",
            "description": "Reads a file: \"é\" <b> & 'c'.",
            "parameters": {
                "type": "object",
                "properties": {
                    "path": {"type": "string", "description": "Which file."},
                    "lines": {"type": "integer", "description": "How many lines.", "default": 10},
                    "mode": {"type": "string", "enum": ["text", "bytes"]},
                },
                "required": ["path"],
            },
        },
    }
]


class Stopped(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return NOW


def rendered(template, messages, tools):
    try:
        texts, _ = chat_template_utils.render_jinja_template(
            [messages],
            tools=tools,
            chat_template=template,
            add_generation_prompt=True,
            bos_token="<s>",
            eos_token="</s>",
        )
        return {"rendered": texts[0]}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


def main():
    chat_template_utils.datetime = Stopped
    entries = []
    for path in sorted(Path(sys.argv[1]).glob("*.jinja")):
        # As Python reads a file: a carriage return before a line feed is dropped, as jinja would.
        template = path.read_text(encoding="utf-8")
        for name, turns in CONVERSATIONS.items():
            messages = [{"role": role, "content": content} for role, content in turns]
            for tools in [None, TOOLS] if name in WITH_TOOLS and "tools" in template else [None]:
                entry = {"template": path.stem, "conversation": name, "messages": messages, "tools": tools}
                entries.append(entry | rendered(template, messages, tools))
    Path(sys.argv[2]).write_text(json.dumps(entries, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
