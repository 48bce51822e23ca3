//! Can data that is read back run code?

use crate::lexer::Tokens;
use crate::pattern::{
    Pattern,
    Slot::{Local, Name},
};
use crate::task::Language::{self, Python};
use crate::weakness::Weakness;

pub(super) static ENTRY: Weakness = Weakness {
    name: "deserialization",
    cwe: 502,
    doc: "Data from outside is read by a format that can run code. The careful program reads a plain format.",
    patterns: PATTERNS,
    finds,
};

const DATA: &[&str] = &["data", "content", "loaded", "parsed"];

static PATTERNS: &[Pattern] = &[
    Pattern {
        language: Python,
        slots: &[("blob", Name), ("d", Local(DATA))],
        parameters: &["$blob"],
        top: &["import json", "import pickle"],
        returns: "",
        fail: "None",
        setup: "",
        draft: "$d = pickle.loads($blob)",
        fixed: "$d = json.loads($blob)",
        after: "",
        value: "$d",
        says: &[
            "It reads the stored object back from $blob and returns it",
            "The object stored in $blob is restored and returned",
            "From $blob it brings back the object",
            "What was stored in $blob is the answer",
        ],
        more: &[
            "Load the object kept in $blob and hand it back",
            "The function rebuilds the object that was saved as $blob and passes it on",
            "What it gives back is the object recovered from $blob",
            "Out of $blob the saved object is loaded, then given to the caller",
            "Given $blob, return the object whose saved form it is",
        ],
        needs: &["loads ( $blob || load ( $blob", "return _"],
    },
    Pattern {
        language: Python,
        slots: &[("path", Name), ("d", Local(DATA))],
        parameters: &["$path"],
        top: &["import yaml"],
        returns: "",
        fail: "None",
        setup: "with open($path) as stream:\n    text = stream.read()",
        draft: "$d = yaml.load(text, Loader=yaml.Loader)",
        fixed: "$d = yaml.safe_load(text)",
        after: "",
        value: "$d",
        says: &[
            "It reads the settings in the YAML file $path and returns them",
            "The YAML settings of $path are read and returned",
            "From the YAML file $path it reads the settings",
            "The settings that the YAML file $path holds are the answer",
        ],
        more: &[
            "Load the YAML file $path and hand back its settings",
            "The function opens the YAML file $path and gives back the settings found in it",
            "What it gives back are the settings loaded from the YAML file $path",
            "Out of $path, a YAML file, the settings are loaded for the caller",
            "After opening $path, which is a YAML file, return the settings written there",
        ],
        needs: &[
            "open ( $path",
            "load ( text || safe_load ( text",
            "return _",
        ],
    },
];

fn finds(_: Language, tokens: &Tokens<'_>) -> bool {
    let pickle =
        tokens.contains(&["pickle", ".", "loads"]) || tokens.contains(&["pickle", ".", "load"]);
    let yaml = tokens.calls("load").any(|call| {
        call.at >= 2
            && tokens.text(call.at - 2) == "yaml"
            && !tokens.all[call.at..call.end]
                .iter()
                .any(|token| token.text == "SafeLoader")
    });
    pickle || yaml
}
