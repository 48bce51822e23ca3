//! Reports in SARIF: what did a tool say that is not known here?

use crate::analyzer::{Analyzer, Work};

/// Reports in SARIF that the user hands in.
pub(super) static ENTRY: Analyzer = Analyzer {
    name: "sarif",
    title: "reports in SARIF",
    languages: &[
        "c", "cpp", "csharp", "go", "java", "javascript", "php", "python", "rust", "tsx", "typescript",
    ],
    doc: "Takes in what any tool reported in SARIF 2.1.0, as if it had been run here: its findings are merged with \
those of the others.

Why: what a tool said in continuous integration, or one that is not known here, counts as well.

Source: OASIS, SARIF version 2.1.0.

Limits: a report is believed to be about the texts as they are now. What it says about files that are not scanned is \
counted in a note. Weaknesses are read from tags (`external/cwe/cwe-089`), properties and taxonomies; a rule that \
names none has none. Reports that are spread over several files are refused.

Example: `palinode scan --sarif report.sarif src/`",
    work: Work::Reports,
};
