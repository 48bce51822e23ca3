//! How fast is a scan, beside its peers in the same run on the same files?
//!
//! Prints Markdown, and writes the figures to `--json FILE`. Programs are timed from start to end, in turn and several
//! times over, so that what else the machine does meets all of them; the figure is the median. Memory is that of the
//! largest process.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use palinode_rules::RuleBook;
use palinode_sandbox::{Ending, Interrupt, Limits, Policy, Program, find_program, run as start};
use serde_json::{Value, json};

use crate::arguments::Arguments;
use crate::in_process;
use crate::statistics::median;

/// Bytes of a file that is taken.
const SIZES: std::ops::RangeInclusive<u64> = 200..=200_000;
/// Bytes a line has on average at most: longer ones are no code that somebody wrote.
const LONGEST_LINE: usize = 400;
/// What the package `codeshield` has for Semgrep, below its Python's packages.
const PACKAGED_RULES: &str =
    "codeshield/insecure_code_detector/rules/semgrep/_generated_/python_cyberseceval.json";

/// `--files DIR --tools DIR [--palinode PROGRAM] [--semgrep-rules FILE] [--count N] [--repeats N] [--json FILE]`.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let from: PathBuf = arguments.get("files", PathBuf::new())?;
    let tools: PathBuf = arguments.get("tools", PathBuf::new())?;
    let palinode: PathBuf = arguments.get("palinode", "target/release/palinode".into())?;
    let repeats: usize = arguments.get("repeats", 5)?;
    let rules: PathBuf = arguments.get("semgrep-rules", PathBuf::new())?;
    let rules = match rules.as_os_str().is_empty() {
        true => packaged_rules(&tools)?,
        false => rules,
    };
    let folder = Folder::filled(&chosen(&from, arguments.get("count", 1000)?)?)?;
    let (count, bytes) = folder.size()?;
    println!(
        "{} Python files of `{}`, {:.1} MB; median of {repeats} runs each\n",
        count,
        from.display(),
        bytes as f64 / 1e6
    );
    let peers = peers(&palinode, &tools, &rules, &folder)?;
    let rows = measured(&peers, repeats)?;
    let ours = rows[0].seconds;
    println!("| program | rules for Python | cores | wall, s | times ours | peak memory, MB |");
    println!("|---|---|---|---|---|---|");
    for (peer, row) in peers.iter().zip(&rows) {
        println!(
            "| {} | {} | {} | {:.2} | {:.1} | {} |",
            peer.name,
            peer.rules,
            peer.cores,
            row.seconds,
            row.seconds / ours,
            row.peak >> 20
        );
    }
    let small = small(&palinode, &folder, repeats.max(20))?;
    println!(
        "\none file of {} bytes, from the start of the process: {:.1} ms",
        SMALL.len(),
        small * 1e3
    );
    let inside = in_process::measure(&folder.texts()?)?;
    println!("{inside}");
    let file: PathBuf = arguments.get("json", PathBuf::new())?;
    if !file.as_os_str().is_empty() {
        let programs = peers.iter().zip(&rows).map(|(peer, row)| {
            json!({"name": peer.name, "rules": peer.rules, "cores": peer.cores, "seconds": row.seconds,
                   "all_seconds": row.all, "peak_memory": row.peak})
        });
        let figures = json!({"files": count, "bytes": bytes, "repeats": repeats,
                             "programs": programs.collect::<Vec<Value>>(), "small_file_seconds": small,
                             "in_process": inside.json()});
        fs::write(&file, format!("{figures}\n"))
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

/// Every so many files below a folder, so that `count` are taken from all over it: by the order of their paths.
///
/// Nothing of them is kept in memory: a program that is started begins with what its parent has, and that would count
/// as its own.
fn chosen(folder: &Path, count: usize) -> Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(inner) = open.pop() {
        let entries = fs::read_dir(&inner)
            .with_context(|| format!("cannot list {} (--files DIR)", inner.display()))?;
        for entry in entries {
            let entry = entry?;
            let kind = entry.file_type()?;
            let path = entry.path();
            if kind.is_dir() {
                open.push(path);
            } else if kind.is_file()
                && path.extension().is_some_and(|extension| extension == "py")
                && SIZES.contains(&entry.metadata()?.len())
            {
                paths.push(path);
            }
        }
    }
    paths.sort();
    // What a scan of a folder passes over would be no work for ours and much for the others.
    let is_code = |text: String| {
        !text.contains('\0') && text.len() / (1 + text.lines().count()) <= LONGEST_LINE
    };
    paths.retain(|path| fs::read_to_string(path).is_ok_and(is_code));
    ensure!(
        paths.len() >= count && count > 0,
        "`{}` has {} files that can be taken, and {count} are asked for (--count N)",
        folder.display(),
        paths.len()
    );
    let step = paths.len() / count;
    Ok(paths.into_iter().step_by(step).take(count).collect())
}

/// A folder with the files, removed in the end.
struct Folder(PathBuf);

impl Folder {
    fn filled(paths: &[PathBuf]) -> Result<Self> {
        let path = std::env::temp_dir().join(format!("palinode-scan-speed-{}", std::process::id()));
        let folder = Self(path);
        fs::create_dir_all(folder.code())?;
        for (number, path) in paths.iter().enumerate() {
            fs::copy(path, folder.code().join(format!("f{number:04}.py")))?;
        }
        fs::write(folder.0.join("small.py"), SMALL)?;
        Ok(folder)
    }

    /// How many files there are, and their bytes together.
    fn size(&self) -> Result<(usize, u64)> {
        let mut size = (0, 0);
        for entry in fs::read_dir(self.code())? {
            size = (size.0 + 1, size.1 + entry?.metadata()?.len());
        }
        Ok(size)
    }

    /// The files, in the order of their names.
    fn texts(&self) -> Result<Vec<String>> {
        let entries = fs::read_dir(self.code())?;
        let mut paths: Vec<PathBuf> = entries
            .map(|entry| Ok(entry?.path()))
            .collect::<Result<_>>()?;
        paths.sort();
        paths
            .iter()
            .map(|path| Ok(fs::read_to_string(path)?))
            .collect()
    }

    fn code(&self) -> PathBuf {
        self.0.join("code")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A small file with something to find.
const SMALL: &str = "import os\nimport sys\n\n\ndef listed(folder):\n    \"\"\"What stands in a folder.\"\"\"\n    \
                     os.system(\"ls \" + folder)\n\n\nif __name__ == \"__main__\":\n    listed(sys.argv[1])\n";

/// A program that is timed.
struct Peer {
    name: String,
    rules: String,
    cores: String,
    program: Program,
    /// Codes with which it ends where it has done its work.
    codes: &'static [i32],
}

/// Ours first; each on all cores, and on one where `taskset` can keep it there.
fn peers(palinode: &Path, tools: &Path, rules: &Path, folder: &Folder) -> Result<Vec<Peer>> {
    let system = std::env::var_os("PATH").unwrap_or_default();
    let taskset = find_program("taskset", &system);
    let code = folder.code().into_os_string();
    let out = |name: &str| folder.0.join(name).into_os_string();
    // Not the file that a link leads to: by its own path Python knows which packages are its.
    let tool = |name: &str| -> Result<PathBuf> {
        let file = std::path::absolute(tools.join(name))?;
        let missing = || format!("there is no `{name}` in {} (--tools DIR)", tools.display());
        ensure!(file.is_file(), missing());
        Ok(file)
    };
    let words = |words: &[&str]| -> Vec<OsString> { words.iter().map(OsString::from).collect() };
    let book = RuleBook::builtin();
    let python =
        |rule: &&palinode_rules::Rule| rule.languages.iter().any(|one| one.name == "python");
    let ours = book.rules().filter(python).count().to_string();
    let semgrep = [
        words(&[
            "scan",
            "--json",
            "--quiet",
            "--metrics=off",
            "--disable-version-check",
            "--no-git-ignore",
            "--max-target-bytes=0",
            "--config",
        ]),
        vec![
            rules.as_os_str().to_owned(),
            "--output".into(),
            out("semgrep.json"),
            code.clone(),
        ],
    ]
    .concat();
    /// Name, rules, file, arguments, and codes with which it ends well.
    type Known = (&'static str, String, PathBuf, Vec<OsString>, &'static [i32]);
    let all: [Known; 3] = [
        (
            "palinode scan --analyzer builtin",
            ours,
            palinode
                .canonicalize()
                .with_context(|| format!("there is no {}", palinode.display()))?,
            [
                words(&[
                    "scan",
                    "--analyzer",
                    "builtin",
                    "--no-ignore",
                    "--format",
                    "json",
                    "--output",
                ]),
                vec![out("palinode.json"), code.clone()],
            ]
            .concat(),
            &[0, 1],
        ),
        (
            "bandit -r",
            counted(&tool("python")?, BANDIT_RULES)?,
            tool("bandit")?,
            [
                words(&["-r", "-q", "-f", "json", "-o"]),
                vec![out("bandit.json"), code],
            ]
            .concat(),
            &[0, 1],
        ),
        (
            "semgrep scan",
            rules_in(rules)?,
            tool("semgrep")?,
            semgrep,
            &[0],
        ),
    ];
    let mut path = tools.canonicalize()?.into_os_string();
    path.push(":");
    path.push(&system);
    let mut peers = Vec::new();
    for one_core in [false, true] {
        if one_core && taskset.is_none() {
            continue;
        }
        for (name, rules, file, arguments, codes) in &all {
            let program = match taskset.as_ref().filter(|_| one_core) {
                Some(taskset) => Program::new(taskset).arguments(["-c", "0"]).argument(file),
                None => Program::new(file),
            };
            peers.push(Peer {
                name: (*name).to_owned(),
                rules: rules.clone(),
                cores: if one_core {
                    "1".to_owned()
                } else {
                    "all".to_owned()
                },
                program: program
                    .arguments(arguments.iter().cloned())
                    .variable("PATH", &path)
                    .folder(&folder.0),
                codes,
            });
        }
    }
    Ok(peers)
}

/// Bandit's plugins, and the calls and imports of its lists, each of which is a rule with an id of its own.
const BANDIT_RULES: &str = "from bandit.core.extension_loader import MANAGER as m\n\
                            print(len(m.plugins) + len(m.blacklist_by_id))";

/// What a line of Python prints.
fn counted(python: &Path, code: &str) -> Result<String> {
    let program = Program::new(python).arguments(["-c", code]);
    let outcome = once(&program, &[0])?;
    Ok(String::from_utf8_lossy(&outcome.stdout).trim().to_owned())
}

/// How many rules a file of Semgrep's has, where it is in JSON.
fn rules_in(file: &Path) -> Result<String> {
    let text =
        fs::read(file).with_context(|| format!("cannot read the rules {}", file.display()))?;
    let value: Option<Value> = serde_json::from_slice(&text).ok();
    let count = value.and_then(|value| Some(value["rules"].as_array()?.len()));
    Ok(count.map_or_else(|| "?".to_owned(), |count| count.to_string()))
}

/// The rules for Python that come with the package `codeshield`.
fn packaged_rules(tools: &Path) -> Result<PathBuf> {
    let libraries = tools.join("../lib");
    let versions = fs::read_dir(&libraries)
        .with_context(|| format!("cannot list {} (--semgrep-rules FILE)", libraries.display()))?;
    for version in versions {
        let file = version?.path().join("site-packages").join(PACKAGED_RULES);
        if file.is_file() {
            return Ok(file.canonicalize()?);
        }
    }
    bail!(
        "the package codeshield is not beside {} (--semgrep-rules FILE)",
        tools.display()
    )
}

/// What a program took.
struct Row {
    seconds: f64,
    all: Vec<f64>,
    peak: u64,
}

fn measured(peers: &[Peer], repeats: usize) -> Result<Vec<Row>> {
    let mut rows: Vec<Row> = peers
        .iter()
        .map(|_| Row {
            seconds: 0.0,
            all: Vec::new(),
            peak: 0,
        })
        .collect();
    // The first round fills the system's caches, and Python's, and does not count.
    for round in 0..=repeats.max(1) {
        for (peer, row) in peers.iter().zip(&mut rows) {
            let outcome = once(&peer.program, peer.codes).with_context(|| peer.name.clone())?;
            if round > 0 {
                row.all.push(outcome.wall.as_secs_f64());
                row.peak = row.peak.max(outcome.peak_memory);
            }
        }
    }
    for row in &mut rows {
        row.seconds = median(&mut row.all.clone());
    }
    Ok(rows)
}

/// The median time of `palinode scan` on one small file.
fn small(palinode: &Path, folder: &Folder, repeats: usize) -> Result<f64> {
    let program = Program::new(palinode.canonicalize()?)
        .arguments(["scan", "--analyzer", "builtin", "small.py"])
        .folder(&folder.0);
    let mut all = Vec::new();
    for _ in 0..=repeats {
        all.push(once(&program, &[1])?.wall.as_secs_f64());
    }
    all.remove(0);
    Ok(median(&mut all))
}

fn once(program: &Program, codes: &[i32]) -> Result<palinode_sandbox::Outcome> {
    let limits = Limits {
        time: Duration::from_secs(3600),
        memory: 16 << 30,
        ..Limits::default()
    };
    let outcome = start(program, &Policy::Tool(limits), &Interrupt::new())?;
    match outcome.ending {
        Ending::Exited(code) if codes.contains(&code) => Ok(outcome),
        ending => {
            let said = String::from_utf8_lossy(&outcome.stderr).into_owned();
            bail!("it {ending}: {}", said.lines().last().unwrap_or_default())
        }
    }
}
