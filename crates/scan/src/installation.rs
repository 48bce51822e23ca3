//! Is the tool there, and which version is it?

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use palinode_sandbox::{Ending, Interrupt, Limits, Outcome, Program, find_program};

use crate::analyzer::{Analyzer, Start, Tool, Work};
use crate::bench::{Trouble, run_tool, told};
use crate::heard::shortened;
use crate::request::Settings;

/// How long a tool may take to say its version. Some start slowly.
const PATIENCE: Duration = Duration::from_secs(60);

/// A tool that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installation {
    /// The file that is started.
    pub file: PathBuf,
    /// What stands before all other arguments.
    pub before: Vec<OsString>,
    /// The version, as the tool writes it.
    pub version: String,
}

/// Whether an analyzer can be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It needs nothing.
    BuiltIn,
    /// Its tool is there.
    Ready(Installation),
    /// Its tool is not there.
    Missing {
        /// How one gets it.
        install: &'static str,
    },
    /// Its tool is there, and something else that it needs is not.
    Unprovided {
        /// The tool.
        installation: Installation,
        /// What is missing, and what to do.
        why: String,
    },
    /// Its tool is there and cannot be used.
    Unusable {
        /// Why, and what to do.
        why: String,
    },
    /// It took too long to answer.
    TimedOut,
    /// The user ended the search.
    Interrupted,
}

/// Looks for an analyzer's tool, and asks it for its version.
#[must_use]
pub fn presence(analyzer: &Analyzer, settings: &Settings, interrupt: &Interrupt) -> Presence {
    let Work::Tool(tool) = &analyzer.work else {
        return Presence::BuiltIn;
    };
    let named = settings.programs.get(analyzer.name).map(PathBuf::as_path);
    match look_for(tool, named, settings, interrupt) {
        Ok(Some(installation)) => match old(tool, &installation.version) {
            Some(why) => Presence::Unusable { why },
            None => match (tool.needs)(settings) {
                Ok(()) => Presence::Ready(installation),
                Err(why) => Presence::Unprovided { installation, why },
            },
        },
        Ok(None) => match named {
            Some(file) => Presence::Unusable {
                why: format!(
                    "`{}` is not {}, or cannot be run",
                    file.display(),
                    analyzer.title
                ),
            },
            None => Presence::Missing {
                install: tool.install,
            },
        },
        Err(Trouble::Failed(why)) => Presence::Unusable { why },
        Err(Trouble::TimedOut) => Presence::TimedOut,
        Err(Trouble::Interrupted) => Presence::Interrupted,
    }
}

/// The first of the ways to start a tool that works. A way that is there and fails is remembered: it is an answer
/// where no other works.
fn look_for(
    tool: &Tool,
    named: Option<&Path>,
    settings: &Settings,
    interrupt: &Interrupt,
) -> Result<Option<Installation>, Trouble> {
    let mut trouble = None;
    for start in tool.starts {
        let Some(mut installation) = candidate(*start, named, settings) else {
            continue;
        };
        match version(*start, tool, &installation, settings, interrupt) {
            Ok(Some(version)) => {
                installation.version = version;
                return Ok(Some(installation));
            }
            Ok(None) => {}
            Err(Trouble::Interrupted) => return Err(Trouble::Interrupted),
            Err(other) => trouble = trouble.or(Some(other)),
        }
    }
    trouble.map_or(Ok(None), Err)
}

fn candidate(start: Start, named: Option<&Path>, settings: &Settings) -> Option<Installation> {
    let python = |name: &Option<&Path>| {
        let name = name
            .and_then(|name| name.file_name())
            .and_then(|name| name.to_str());
        name.is_some_and(|name| name.starts_with("python"))
    };
    let found = |names: &[&str]| {
        names
            .iter()
            .find_map(|name| find_program(name, &settings.path))
    };
    let (file, before) = match start {
        // A Python that the user names is where the module is.
        Start::Program(name) => match named {
            Some(_) if python(&named) => return None,
            Some(file) => (file.to_path_buf(), Vec::new()),
            None => (found(&[name])?, Vec::new()),
        },
        Start::Module(name) => match named {
            Some(file) if python(&named) => (file.to_path_buf(), vec!["-m", name]),
            Some(_) => return None,
            None => (found(&["python3", "python"])?, vec!["-m", name]),
        },
        Start::Package(_) => match named {
            Some(file) => (file.to_path_buf(), Vec::new()),
            None => (found(&["python3", "python"])?, Vec::new()),
        },
    };
    Some(Installation {
        file,
        before: before.into_iter().map(OsString::from).collect(),
        version: String::new(),
    })
}

/// The version that a candidate says it has; `None` where the tool is not there after all.
fn version(
    start: Start,
    tool: &Tool,
    installation: &Installation,
    settings: &Settings,
    interrupt: &Interrupt,
) -> Result<Option<String>, Trouble> {
    let program = installation.program(settings);
    let program = match start {
        Start::Package(name) => {
            let code = format!("import importlib.metadata as m; print(m.version({name:?}))");
            program.arguments(["-I", "-c", &code])
        }
        Start::Program(_) | Start::Module(_) => {
            program.arguments(tool.version_arguments.iter().copied())
        }
    };
    let limits = Limits {
        time: PATIENCE,
        memory: settings.memory,
        output: 1 << 20,
        ..Limits::default()
    };
    let outcome = run_tool(&program, limits, interrupt)?;
    let failed_import = |outcome: &Outcome| {
        let said = String::from_utf8_lossy(&outcome.stderr);
        said.contains("No module named") || said.contains("PackageNotFoundError")
    };
    if outcome.ending != Ending::Exited(0) {
        if !matches!(start, Start::Program(_)) && failed_import(&outcome) {
            return Ok(None);
        }
        return Err(Trouble::Failed(format!(
            "asked for its version, {}",
            told(outcome.ending, &outcome)
        )));
    }
    let said = [outcome.stdout, outcome.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    match version_in(&said) {
        Some(version) => Ok(Some(version.to_owned())),
        None => Err(Trouble::Failed(format!(
            "asked for its version, it said `{}`",
            shortened(&said)
        ))),
    }
}

/// The first thing in a text that looks like a version: numbers with a dot between them.
fn version_in(text: &str) -> Option<&str> {
    text.split(|letter: char| letter.is_whitespace() || "(),\"'".contains(letter))
        .map(|word| word.trim_start_matches('v').trim_end_matches('.'))
        .find(|word| {
            let mut parts = word.split('.');
            let number = |part: Option<&str>| part.is_some_and(|part| part.parse::<u32>().is_ok());
            let first = number(parts.next());
            let second = parts
                .next()
                .and_then(|part| part.split(['-', '+', '~']).next());
            first && number(second)
        })
}

/// The numbers of a version, as far as they go.
pub(crate) fn numbers(version: &str) -> Vec<u32> {
    version
        .split(['.', '-', '+', '~'])
        .map_while(|part| part.parse().ok())
        .collect()
}

fn old(tool: &Tool, version: &str) -> Option<String> {
    let is_old = numbers(version).as_slice() < tool.oldest;
    let oldest: Vec<String> = tool.oldest.iter().map(u32::to_string).collect();
    is_old.then(|| {
        format!(
            "version {version} is too old: reports are read from version {} on",
            oldest.join(".")
        )
    })
}

impl Installation {
    /// The tool, to be given arguments. Its own folder comes first where it looks for other programs.
    pub(crate) fn program(&self, settings: &Settings) -> Program {
        let mut path = OsString::new();
        if let Some(folder) = self.file.parent().filter(|folder| folder.is_absolute()) {
            path.push(folder);
            path.push(if cfg!(windows) { ";" } else { ":" });
        }
        path.push(&settings.path);
        Program::new(&self.file)
            .arguments(self.before.iter().cloned())
            .variable("PATH", path)
            .variable("PYTHONUTF8", "1")
            .variable("PYTHONDONTWRITEBYTECODE", "1")
            .variable("PYTHONSAFEPATH", "1")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_what_tools_say() {
        for (said, version) in [
            ("bandit 1.9.4\n  python version = 3.11.7", "1.9.4"),
            ("1.182.0\n", "1.182.0"),
            ("Cppcheck 2.10", "2.10"),
            ("gcc (Debian 12.2.0-14) 12.2.0\nCopyright", "12.2.0-14"),
            ("Version: v2.22.4-dev\nGit tag:", "2.22.4-dev"),
            ("CodeQL command-line toolchain release 2.20.1.\n", "2.20.1"),
        ] {
            assert_eq!(version_in(said), Some(version), "{said}");
        }
        assert_eq!(version_in("no version. at all 12"), None);
        assert_eq!(numbers("2.22.4-dev"), [2, 22, 4]);
    }
}
