//! Step: are the curriculum's programs real programs, for the compilers of their languages?
//!
//! The curriculum checks itself with grammars; this asks gcc, g++, Python and Node, each once or in
//! a few batches, over a few hundred programs of one seed. What cannot be compiled is no task.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, bail};

use super::{Outcome, Step};
use crate::process;
use crate::scratch::Scratch;

pub(super) static ENTRY: Step = Step {
    name: "programs",
    shows: "the curriculum's programs compile in their own languages",
    run,
};

const SEED: &str = "7";
const COUNT: &str = "400";

/// How many programs one compiler process is given at most: a bound on the command line's length.
const BATCH: usize = 32;

/// One language's compiler, used only to say whether a program is one.
struct Compiler {
    /// How its programs' file names end.
    extension: &'static str,
    program: &'static str,
    arguments: &'static [&'static str],
    /// What Debian calls the package that brings it.
    package: &'static str,
}

/// Python and Node compile file by file inside one process, and name each file that fails.
const PYTHON: &str = r#"
import sys
bad = False
for name in sys.argv[1:]:
    try:
        with open(name, "rb") as file:
            compile(file.read(), name, "exec")
    except (SyntaxError, ValueError) as error:
        print(f"{name}: {error}", file=sys.stderr)
        bad = True
sys.exit(bad)
"#;

const NODE: &str = r#"
const fs = require("fs");
const Module = require("module");
const vm = require("vm");
let bad = false;
for (const name of process.argv.slice(1)) {
    try {
        new vm.Script(Module.wrap(fs.readFileSync(name, "utf8")), { filename: name });
    } catch (error) {
        console.error(`${name}: ${error}`);
        bad = true;
    }
}
process.exit(bad ? 1 : 0);
"#;

const COMPILERS: &[Compiler] = &[
    Compiler {
        extension: "c",
        program: "gcc",
        arguments: &["-fsyntax-only", "-w", "-std=gnu11", "-xc"],
        package: "gcc",
    },
    Compiler {
        extension: "cpp",
        program: "g++",
        arguments: &["-fsyntax-only", "-w", "-std=gnu++17", "-xc++"],
        package: "g++",
    },
    Compiler {
        extension: "py",
        program: "python3",
        arguments: &["-c", PYTHON],
        package: "python3",
    },
    Compiler {
        extension: "js",
        program: "node",
        arguments: &["-e", NODE],
        package: "nodejs",
    },
];

fn run(root: &Path) -> Result<Outcome> {
    let folder = Scratch::new("programs")?;
    let out = folder.path().to_string_lossy().into_owned();
    let words = [
        "run",
        "--quiet",
        "--release",
        "--package",
        "palinode-curriculum",
        "--example",
        "dump",
        "--",
        "--seed",
        SEED,
        "--count",
        COUNT,
        "--out",
        &out,
    ];
    if !process::show(root, &process::cargo(), &words, &[])?.success {
        bail!("the curriculum wrote no programs");
    }
    let mut programs = by_extension(folder.path())?;
    let mut outcome = Outcome::of(true, "");
    let mut counts = Vec::new();
    for compiler in COMPILERS {
        let files = programs.remove(compiler.extension).unwrap_or_default();
        if !process::is_there(compiler.program, &["--version"]) {
            outcome.skipped.push(format!(
                "{} {} programs: `{}` is not installed (Debian: apt-get install {})",
                files.len(),
                compiler.extension,
                compiler.program,
                compiler.package
            ));
            continue;
        }
        if files.is_empty() {
            println!(
                "no `.{}` program came out of the curriculum",
                compiler.extension
            );
            outcome.passed = false;
        }
        outcome.passed &= compile(compiler, folder.path(), &files)?;
        counts.push(format!("{} {}", files.len(), compiler.extension));
    }
    if let Some(extension) = programs.keys().next() {
        bail!("no compiler is known for `.{extension}` programs");
    }
    outcome.counted = format!("{} programs", counts.join(", "));
    if !outcome.passed {
        println!("the programs are kept in {}", folder.keep().display());
    }
    Ok(outcome)
}

/// The files of the folder by extension, sorted.
fn by_extension(folder: &Path) -> Result<BTreeMap<String, Vec<String>>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for entry in std::fs::read_dir(folder).context("cannot list the programs")? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let extension = name.rsplit('.').next().unwrap_or_default().to_owned();
        found.entry(extension).or_default().push(name);
    }
    for names in found.values_mut() {
        names.sort_unstable();
    }
    Ok(found)
}

/// Whether every program compiles; prints what the compiler says about those that do not.
fn compile(compiler: &Compiler, folder: &Path, files: &[String]) -> Result<bool> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let batches: Vec<&[String]> = files.chunks(BATCH).collect();
    let mut good = true;
    // As many compilers side by side as there are cores.
    for wave in batches.chunks(cores) {
        let mut running = Vec::with_capacity(wave.len());
        for batch in wave {
            running.push((batch, start(compiler, folder, batch)?));
        }
        for (batch, child) in running {
            let output = child
                .wait_with_output()
                .with_context(|| format!("cannot wait for `{}`", compiler.program))?;
            if !output.status.success() {
                good = false;
                complain(compiler, batch, &String::from_utf8_lossy(&output.stderr));
            }
        }
    }
    Ok(good)
}

fn start(compiler: &Compiler, folder: &Path, batch: &[String]) -> Result<Child> {
    Command::new(compiler.program)
        .args(compiler.arguments)
        .args(batch)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start `{}`", compiler.program))
}

/// Shows what a compiler said, and the names of the programs that it said it about.
fn complain(compiler: &Compiler, batch: &[String], said: &str) {
    let bad: Vec<&str> = batch
        .iter()
        .map(String::as_str)
        .filter(|name| said.contains(&format!("{name}:")))
        .collect();
    println!("{said}");
    println!("{} does not compile: {}", compiler.program, bad.join(" "));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of each language a program that compiles, and one that does not.
    const PROGRAMS: &[(&str, &str, &str)] = &[
        (
            "c",
            "int f(void) { return 1; }\n",
            "int f(void) { return 1 }\n",
        ),
        (
            "cpp",
            "auto f = [] { return 1; };\n",
            "auto f = [ { return 1; };\n",
        ),
        ("py", "def f():\n    return 1\n", "def f():\nreturn 1\n"),
        (
            "js",
            "module.exports = () => { return 1; };\nreturn;\n",
            "const f = () => { return 1; ;\n",
        ),
    ];

    #[test]
    fn what_is_no_program_is_refused() {
        let scratch = Scratch::new("programs-test").expect("a folder");
        let write = |name: &str, text: &str| {
            std::fs::write(scratch.path().join(name), text).expect("a file");
            name.to_owned()
        };
        for (extension, good, bad) in PROGRAMS {
            let good = write(&format!("good.{extension}"), good);
            let bad = write(&format!("bad.{extension}"), bad);
            let compiler = COMPILERS.iter().find(|one| one.extension == *extension);
            let compiler = compiler.expect("every language has a compiler");
            // Where it is missing, the step names what it skips.
            if process::is_there(compiler.program, &["--version"]) {
                let passes =
                    |files: &[String]| compile(compiler, scratch.path(), files).expect("it starts");
                assert!(passes(std::slice::from_ref(&good)), "{good}");
                assert!(!passes(&[good, bad]), "{extension}");
            }
        }
        let found = by_extension(scratch.path()).expect("a list");
        assert_eq!(found["py"], ["bad.py", "good.py"]);
        assert_eq!(found.len(), COMPILERS.len());
    }
}
