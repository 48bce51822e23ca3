//! What is asked of a scan, and who watches it?

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use palinode_rules::RuleBook;
use palinode_sandbox::Interrupt;

use crate::analyzer::Analyzer;
use crate::run::Run;
use crate::source::Source;

/// What to scan, and how.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The texts. Findings name them by their index here.
    pub sources: &'a [Source],
    /// Who is asked. Each once; the report has their runs in the order of the registry.
    pub analyzers: &'a [&'static Analyzer],
    /// How.
    pub settings: &'a Settings,
    /// Ends the scan.
    pub interrupt: &'a Interrupt,
}

/// What a scan may use, and where things are.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Folders in which tools are looked for, as `PATH` lists them.
    pub path: OsString,
    /// Programs to use for a tool instead of looking for it, by the analyzer's name.
    pub programs: BTreeMap<String, PathBuf>,
    /// The rules that are asked in this process.
    pub rules: Arc<RuleBook>,
    /// Semgrep's rules: files and folders.
    pub semgrep_rules: Vec<PathBuf>,
    /// Reports in SARIF to take in: a name for messages, and the bytes.
    pub sarif: Vec<(String, Vec<u8>)>,
    /// Time on the clock that one analyzer may take.
    pub time: Duration,
    /// Memory in bytes that one run of a tool may take.
    pub memory: u64,
    /// How many analyzers may work at one time.
    pub jobs: usize,
}

impl Default for Settings {
    /// Our own rules, five minutes an analyzer, 4 GiB, two at a time; no folders to look for tools in.
    fn default() -> Self {
        Self {
            path: OsString::new(),
            programs: BTreeMap::new(),
            rules: Arc::new(RuleBook::builtin()),
            semgrep_rules: Vec::new(),
            sarif: Vec::new(),
            time: Duration::from_secs(300),
            memory: 4 << 30,
            jobs: 2,
        }
    }
}

/// Who hears how a scan goes on. Called from several threads.
pub trait Observer: Sync {
    /// An analyzer begins; its work has so many parts.
    fn started(&self, _analyzer: &'static Analyzer, _parts: usize) {}
    /// One of its parts is done.
    fn advanced(&self, _analyzer: &'static Analyzer) {}
    /// It is done; also for one that had nothing to do.
    fn finished(&self, _run: &Run) {}
}

/// An observer that does nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {}
