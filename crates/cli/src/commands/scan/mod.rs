//! `palinode scan`: what do analyzers say about this code?

mod ask;
mod collect;
mod earlier;
pub(crate) mod rules;
mod text;
mod told;

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use palinode_code::Severity;
use palinode_code::languages::{self, Language};
use palinode_scan::report;

use crate::Status;
use crate::console::{ColourChoice, Console, terminal_size};
use crate::failure::Failure;
use ask::{Asked, ask};
use collect::{Choice, Collected, collect, sources};
use earlier::Since;

/// Say what several analyzers find in code, merged
///
/// Looks at files, at folders (what git ignores, and what is hidden, binary, minified or large, is left out and
/// told), or at standard input (`-`). Markdown that is named, and text on standard input without --lang, is looked
/// into for its fenced blocks.
///
/// By default every analyzer that is installed is asked. One that is not there is named at the end; one that fails
/// never reads as clean.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Files and folders; `-` is standard input [default: this folder]
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Ask these and no others; `palinode list analyzers` names them
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    analyzer: Vec<String>,
    /// The language of everything that is read, whatever its name
    #[arg(long, value_name = "LANGUAGE")]
    lang: Option<String>,
    /// Ask these rules too: files or folders of them, in ast-grep's YAML form
    #[arg(long, value_name = "PATH")]
    rules: Vec<PathBuf>,
    /// Semgrep's rules: files or folders of them; nothing is ever downloaded
    #[arg(long, value_name = "PATH")]
    semgrep_rules: Vec<PathBuf>,
    /// Take in what another tool reported about these files, in SARIF
    #[arg(long, value_name = "FILE")]
    sarif: Vec<PathBuf>,
    /// Use this program for an analyzer instead of looking for it
    #[arg(long, value_name = "NAME=FILE")]
    tool: Vec<String>,
    /// How the answer is written
    #[arg(long, value_enum, value_name = "FORM", default_value_t)]
    format: Form,
    /// Write the answer to this file
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Tell only findings that this earlier report, in JSON, does not have
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Tell only findings that the files at this git revision do not have; files that have not changed since are not
    /// looked at. Filters that git's settings name are not run, so files of Git LFS may count as changed
    #[arg(long, value_name = "REV", conflicts_with = "sarif")]
    diff: Option<String>,
    /// Findings of at least this severity make the exit code 1: info, low, medium, high, critical
    #[arg(long, value_name = "SEVERITY", default_value = "info")]
    fail_on: String,
    /// Seconds that one analyzer may take
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    time_limit: u64,
    /// In folders, leave out files with more bytes
    #[arg(long, value_name = "BYTES", default_value_t = 1 << 20)]
    max_size: u64,
    /// In folders, look also at what is hidden or ignored by git
    #[arg(long)]
    no_ignore: bool,
    /// Say in JSON and SARIF how long each analyzer took; the same input then no longer gives the same bytes
    #[arg(long)]
    times: bool,
    /// When to use colour
    #[arg(long, value_enum, value_name = "WHEN", default_value_t)]
    color: ColourChoice,
}

/// How the answer is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Form {
    /// For people: the code, why, and what instead.
    #[default]
    Text,
    /// One JSON object; `schema` is its version.
    Json,
    /// SARIF 2.1.0, for GitHub's code scanning and other tools.
    Sarif,
    /// A table and the code of each finding, for pull requests and issues.
    Markdown,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Status, Failure> {
    let console = Console::new();
    let fail_on: Severity = arguments.fail_on.parse().map_err(|_| {
        Failure::new(format!("there is no severity `{}`", arguments.fail_on))
            .hint("one of: info, low, medium, high, critical")
    })?;
    let language = arguments.lang.as_deref().map(language).transpose()?;
    let since = arguments
        .diff
        .as_deref()
        .map(|revision| Since::new(revision, arguments))
        .transpose()?;
    let collected = gather(arguments, console, language, since.as_ref())?;
    let asked = ask(arguments, &collected, language, since.as_ref())?;
    let unread = collected.unread();
    let options = report::Options {
        version: env!("CARGO_PKG_VERSION"),
        with_times: arguments.times,
        compared: asked.compared.as_ref(),
        unread: &unread,
    };
    let answer = match arguments.format {
        Form::Text => {
            let colour = console.colour(arguments.color) && arguments.output.is_none();
            told::findings(&asked, colour, terminal_size().0)
        }
        Form::Json => in_json(report::json::write(&asked.report, &options)),
        Form::Sarif => in_json(report::sarif::write(&asked.report, &options)),
        Form::Markdown => report::markdown::write(&asked.report, &options),
    };
    write(arguments, answer.as_bytes())?;
    told::summary(&asked, &collected, since.as_ref());
    let is_whole = unread.iter().all(|file| file.is_chosen);
    Ok(status(&asked, fail_on, is_whole))
}

/// A line of JSON.
fn in_json(value: impl std::fmt::Display) -> String {
    format!("{value}\n")
}

/// How the scan ends: a scan that is not complete never ends as clean. `is_whole` says whether all that was to be
/// looked at could be read.
fn status(asked: &Asked, fail_on: Severity, is_whole: bool) -> Status {
    let report = &asked.report;
    let runs = &report.runs;
    let gaps = asked.compared.iter().flat_map(|compared| &compared.gaps);
    let is_certain = |at: usize| {
        let mut compared = asked.compared.iter();
        compared.all(|compared| !compared.uncertain.contains(&at))
    };
    let mut found = report.findings.iter().enumerate();
    if asked.interrupted
        || runs
            .iter()
            .any(|run| run.status == palinode_scan::Status::Interrupted)
    {
        Status::Interrupted
    } else if report
        .incomplete()
        .any(|run| asked.is_named(run.analyzer.name))
        || gaps.clone().any(|gap| asked.is_named(gap.analyzer))
    {
        Status::CouldNotRun
    } else if found.any(|(at, found)| found.finding.severity >= fail_on && is_certain(at)) {
        Status::Findings
    } else if !is_whole || report.incomplete().any(|run| !told::is_missing(run)) || gaps.count() > 0
    {
        Status::CouldNotRun
    } else {
        Status::Done
    }
}

fn language(name: &str) -> Result<&'static Language, Failure> {
    languages::by_name(name).ok_or_else(|| {
        Failure::new(format!("there is no language `{name}`"))
            .hint("`palinode list languages` names those that are known")
    })
}

/// Everything that is to be looked at.
fn gather(
    arguments: &Arguments,
    console: Console,
    language: Option<&'static Language>,
    since: Option<&Since>,
) -> Result<Collected, Failure> {
    let (from_stdin, paths): (Vec<_>, Vec<_>) = arguments
        .paths
        .iter()
        .cloned()
        .partition(|path| path.as_os_str() == "-");
    let only = since.map(Since::only);
    let choice = Choice {
        only: only.as_ref(),
        max_size: arguments.max_size,
        no_ignore: arguments.no_ignore,
        language,
    };
    let paths = match arguments.paths.is_empty() {
        true => vec![PathBuf::from(".")],
        false => paths,
    };
    let mut collected = collect(&paths, choice)?;
    if !from_stdin.is_empty() {
        if console.stdin_is_terminal {
            crate::console::note("reading standard input, up to its end (Ctrl-D)");
        }
        let mut bytes = Vec::new();
        let read = io::stdin().lock().read_to_end(&mut bytes);
        read.map_err(|error| Failure::new("cannot read standard input").because(&error))?;
        let found = sources("<stdin>", None, bytes, language);
        if found.is_empty() {
            return Err(
                Failure::new("standard input holds no block of code in a known language")
                    .hint("name its language with --lang, or fence it as ```python"),
            );
        }
        collected.sources.extend(found);
    }
    Ok(collected)
}

/// A file that was named cannot be read.
fn cannot_read(path: &Path, error: &io::Error) -> Failure {
    Failure::new(format!("cannot read `{}`", path.display())).because(error)
}

/// The answer, to where it was asked for.
fn write(arguments: &Arguments, answer: &[u8]) -> Result<(), Failure> {
    match &arguments.output {
        Some(file) => fs::write(file, answer).map_err(|error| {
            Failure::new(format!("cannot write `{}`", file.display())).because(&error)
        }),
        None => {
            let mut out = io::stdout().lock();
            let written = out.write_all(answer).and_then(|()| out.flush());
            written.map_err(|error| Failure::stdout(&error))
        }
    }
}
