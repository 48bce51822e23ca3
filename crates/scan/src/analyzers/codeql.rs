//! CodeQL: how is it asked without building the code, and what does it say?

use std::fs;

use crate::analyzer::{Analyzer, Share, Start, Tool, Work};
use crate::bench::{Job, Trouble};
use crate::heard::Heard;
use crate::stage::Layout;

/// CodeQL.
pub(super) static ENTRY: Analyzer = Analyzer {
    name: "codeql",
    title: "CodeQL",
    languages: &["c", "cpp", "csharp", "java", "javascript", "python", "rust", "tsx", "typescript"],
    doc: "Makes a database of the code and asks it queries that follow values from where they enter to where they do \
harm, through all files that are scanned.

Why: it is what GitHub's code scanning asks, and it shows the way of a value.

Source: https://docs.github.com/code-security/codeql-cli. Its licence allows use on open source and for research; see \
there.

Limits: **written from its documentation and never run here.** The suite `security-extended` of the bundle's own \
queries is asked; nothing is fetched. Nothing of the scanned code is built or run (`--build-mode=none`), so Go, which \
CodeQL only reads by building it, is left out, and C needs a version that reads it without. Minutes a language.

Example: `palinode scan --analyzer codeql src/`",
    work: Work::Tool(Tool {
        install: "download the bundle from https://github.com/github/codeql-action/releases",
        starts: &[Start::Program("codeql")],
        version_arguments: &["version", "--format=terse"],
        // The first that reads C# without building it, by its change log.
        oldest: &[2, 17, 6],
        tried: "",
        layout: Layout::Tree,
        share: Share::Language,
        needs: |_| Ok(()),
        run,
        read: |report, files| crate::sarif::read(report, files, None),
    }),
};

/// CodeQL's name for a language of ours.
fn its_language(language: &str) -> &'static str {
    match language {
        "c" | "cpp" => "cpp",
        "csharp" => "csharp",
        "java" => "java",
        "python" => "python",
        "rust" => "rust",
        _ => "javascript",
    }
}

fn run(job: &Job<'_>) -> Result<Heard, Trouble> {
    let failed = |error: std::io::Error| Trouble::Failed(error.to_string());
    // A folder with the asked files only: a database takes in all that lies in its source.
    let source = job.output("source");
    for (position, name) in job.files.names().enumerate() {
        let file = source.join(name);
        if let Some(parent) = file.parent() {
            fs::create_dir_all(parent).map_err(failed)?;
        }
        let text = job
            .files
            .source(position)
            .map(|source| source.text.as_bytes());
        fs::write(file, text.unwrap_or_default()).map_err(failed)?;
    }
    let language = its_language(
        job.files
            .source(0)
            .map_or("", |source| source.language.name),
    );
    let database = job.output("database");
    let create = job
        .tool()
        .arguments(["database", "create", "--build-mode=none", "--threads=1"])
        .argument(format!("--language={language}"))
        .argument("--source-root")
        .argument(&source)
        .argument(&database);
    job.run_expecting(&create, &[0])?;
    let report = job.output("report.sarif");
    let analyze = job
        .tool()
        .arguments([
            "database",
            "analyze",
            "--format=sarif-latest",
            "--threads=1",
            "--no-sarif-add-file-contents",
        ])
        .argument("--output")
        .argument(&report)
        .argument(&database)
        .argument(format!(
            "codeql/{language}-queries:codeql-suites/{language}-security-extended.qls"
        ));
    job.run_expecting(&analyze, &[0])?;
    let report = fs::read(&report)
        .map_err(|error| Trouble::Failed(format!("it wrote no report: {error}")))?;
    Ok(crate::sarif::read(&report, job.files, None)?)
}
