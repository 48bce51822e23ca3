//! Meta's Insecure Code Detector: how is it asked so that a failure is seen, and what does it say?

use std::path::PathBuf;

use palinode_code::{Confidence, Cwe, Severity};
use palinode_sandbox::{Program, find_program};
use serde::{Deserialize, Serialize};

use super::{json, semgrep};
use crate::analyzer::{Analyzer, Share, Start, Tool, Work};
use crate::bench::{Job, Trouble};
use crate::heard::{Files, Heard, Said, shortened};
use crate::place::Place;
use crate::stage::Layout;

/// The Insecure Code Detector of the package `codeshield`.
pub(super) static ENTRY: Analyzer = Analyzer {
    name: "codeshield",
    title: "Insecure Code Detector (codeshield)",
    languages: &["c", "cpp", "csharp", "java", "javascript", "php", "python", "rust"],
    doc: "Looks for regular expressions, and for patterns of Semgrep, that Meta chose for code that models write.

Why: it is the filter that other systems put behind a model, so what it says is what they would have said.

Source: https://github.com/meta-llama/PurpleLlama, the package `codeshield`; the rules for CyberSecEval, which are \
all of them.

Limits: a regular expression is looked for once a file and says only the line. As the package calls it, a current \
Semgrep finds nothing and nobody is told; here the same rules go to Semgrep's command line, and where that cannot run \
the files count as failed. It needs the package and Semgrep in one Python.

Example: `palinode scan --analyzer codeshield src/`",
    work: Work::Tool(Tool {
        install: "pip install codeshield",
        starts: &[Start::Package("codeshield")],
        version_arguments: &[],
        oldest: &[1, 0],
        tried: "1.0.1 with Semgrep 1.182.0",
        layout: Layout::Flat,
        share: Share::Language,
        needs: |_| Ok(()),
        run,
        read,
    }),
};

/// What is run by Python: the package's own detector with its first half only, on many files in one start. Whatever
/// it only logs, such as rules that it cannot read, is told as a failure.
const DRIVER: &str = r#"
import asyncio, importlib, importlib.util, json, logging, pathlib, sys, types

spec = importlib.util.find_spec("codeshield.insecure_code_detector")
root = pathlib.Path(list(spec.submodule_search_locations)[0])
# The module of this name changes the installation when it is imported; what it says is said here instead.
settings = types.ModuleType("codeshield.insecure_code_detector.oss")
settings.RULES_ROOT = root / "rules"
settings.ENABLE_REGEX_ANALYZER = True
settings.ENABLE_SEMGREP = False
settings.SEMGREP_RULE_REPO_PATH = root / "rules" / "semgrep"
settings.SEMGREP_COMMAND = []
sys.modules[settings.__name__] = settings
detector = importlib.import_module("codeshield.insecure_code_detector.insecure_code_detector")
languages = importlib.import_module("codeshield.insecure_code_detector.languages")
usecases = importlib.import_module("codeshield.insecure_code_detector.usecases")

logged = []
class Keep(logging.Handler):
    def emit(self, record):
        logged.append(record.getMessage())
logging.getLogger().addHandler(Keep(level=logging.WARNING))

asked = json.load(sys.stdin)
said = {"issues": [], "failed": [], "covered": [], "rules": None}
for name in asked["files"]:
    try:
        with open(name, encoding="utf-8", errors="replace", newline="") as file:
            text = file.read()
        logged.clear()
        issues = asyncio.run(detector.analyze(
            languages.Language(asked["language"]), text,
            path=pathlib.Path(name), usecase=usecases.UseCase.CYBERSECEVAL))
        if logged:
            raise RuntimeError(logged[0])
        for issue in issues:
            said["issues"].append({
                "file": name, "line": issue.line, "rule": issue.pattern_id, "cwe": issue.cwe_id,
                "severity": str(issue.severity), "description": issue.description})
        said["covered"].append(name)
    except Exception as error:
        said["failed"].append({"file": name, "why": "%s: %s" % (type(error).__name__, error)})
for rules in [
    settings.SEMGREP_RULE_REPO_PATH / "_generated_" / (asked["language"] + "_cyberseceval.json"),
    settings.SEMGREP_RULE_REPO_PATH / asked["language"],
]:
    if rules.exists():
        said["rules"] = str(rules)
        break
json.dump(said, sys.stdout)
"#;

#[derive(Serialize)]
struct Question<'a> {
    language: &'a str,
    files: Vec<&'a str>,
}

#[derive(Deserialize)]
struct Answer {
    issues: Vec<Issue>,
    failed: Vec<Failure>,
    covered: Vec<String>,
    rules: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Issue {
    file: String,
    line: Option<usize>,
    rule: Option<String>,
    cwe: String,
    severity: String,
    description: String,
}

#[derive(Deserialize)]
struct Failure {
    file: String,
    why: String,
}

fn run(job: &Job<'_>) -> Result<Heard, Trouble> {
    let question = Question {
        language: job
            .files
            .source(0)
            .map_or("", |source| source.language.name),
        files: job.files.names().collect(),
    };
    let question =
        serde_json::to_vec(&question).map_err(|error| Trouble::Failed(error.to_string()))?;
    let program = job.tool().arguments(["-I", "-c", DRIVER]).input(question);
    let outcome = job.run_expecting(&program, &[0])?;
    let mut heard = read(&outcome.stdout, job.files)?;
    let answer: Answer = json(&outcome.stdout)?;
    let Some(rules) = answer.rules else {
        return Ok(heard);
    };
    let second = match semgrep(job) {
        Some(program) => semgrep::scan_with(job, program, &[rules]),
        None => Err(Trouble::Failed("Semgrep is not installed".to_owned())),
    };
    match second {
        Ok(second) => {
            heard.said.extend(second.said);
            heard.failed.extend(second.failed);
            heard.skipped.extend(second.skipped);
            heard.notes.extend(second.notes);
            // Looked at is what both halves looked at.
            if let (Some(first), Some(second)) = (&mut heard.covered, second.covered) {
                first.retain(|file| second.contains(file));
            }
        }
        Err(Trouble::Failed(why)) => {
            let why = format!("its second half did not run: {}", shortened(&why));
            let all = 0..job.files.len();
            heard.failed.extend(all.map(|file| (file, why.clone())));
        }
        Err(trouble) => return Err(trouble),
    }
    Ok(heard)
}

/// Semgrep, beside the Python that has the package, or where tools are looked for.
fn semgrep(job: &Job<'_>) -> Option<Program> {
    let beside = job.installation.file.with_file_name("semgrep");
    let beside = beside
        .to_str()
        .and_then(|file| find_program(file, &job.settings.path));
    let file = beside.or_else(|| find_program("semgrep", &job.settings.path))?;
    let mut installation = job.installation.clone();
    installation.file = file;
    Some(installation.program(job.settings).folder(job.root))
}

fn read(report: &[u8], files: &Files<'_>) -> Result<Heard, String> {
    let answer: Answer = json(report)?;
    let mut heard = Heard::default();
    for failure in answer.failed {
        heard
            .failed
            .push((files.expect(&failure.file)?, shortened(&failure.why)));
    }
    let covered: Result<Vec<usize>, String> = answer
        .covered
        .iter()
        .map(|name| files.expect(name))
        .collect();
    heard.covered = Some(covered?);
    for issue in answer.issues {
        let file = files.expect(&issue.file)?;
        let severity = match issue.severity.to_ascii_lowercase().as_str() {
            "error" => Severity::High,
            "warning" => Severity::Medium,
            "advice" => Severity::Low,
            "disabled" => continue,
            other => return Err(format!("its report has a severity `{other}`")),
        };
        heard.said.push(Said {
            file,
            place: Place::line(issue.line.unwrap_or(1)),
            rule: issue.rule.unwrap_or_else(|| "unnamed".to_owned()),
            cwes: Cwe::read(&issue.cwe).into_iter().collect(),
            severity,
            confidence: Some(Confidence::Medium),
            message: issue.description,
            advice: None,
            fix: Vec::new(),
            trace: Vec::new(),
        });
    }
    Ok(heard)
}
