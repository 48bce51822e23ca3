//! Does the checkout stay light?

use crate::tidy::{Offence, Rule, Tree};

pub(crate) static ENTRY: Rule = Rule {
    name: "weight",
    doc: "No tracked file is larger than 8 MB, and the bundled model is at most 8 MiB altogether: \
          what enters the history never leaves it.",
    check,
};

const FILE: usize = 8_000_000;
const MODEL: usize = 8 * 1024 * 1024;
const MODEL_FOLDER: &str = "models/nano/";

fn check(tree: &Tree) -> Vec<Offence> {
    let mut offences = Vec::new();
    let mut model = 0;
    for file in tree.files() {
        let bytes = file.bytes.len();
        if bytes > FILE {
            let message = format!("{bytes} bytes, at most {FILE}");
            offences.push(Offence::file(&file.path, message));
        }
        if file.path.starts_with(MODEL_FOLDER) {
            model += bytes;
        }
    }
    if model > MODEL {
        let message = format!("{model} bytes altogether, at most {MODEL}");
        offences.push(Offence::file(MODEL_FOLDER, message));
    }
    offences
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::rules::checking::offenders;

    #[test]
    fn heavy_files_and_a_heavy_model_are_caught() {
        let (heavy, half) = ("x".repeat(FILE + 1), "x".repeat(MODEL / 2 + 1));
        let files = [
            ("a.bin", heavy.as_str()),
            ("models/nano/model.safetensors", half.as_str()),
            ("models/nano/tokenizer.json", half.as_str()),
            ("small", "x"),
        ];
        assert_eq!(offenders(&ENTRY, &files), ["a.bin", "models/nano/"]);
        assert!(offenders(&ENTRY, &files[2..]).is_empty());
    }
}
