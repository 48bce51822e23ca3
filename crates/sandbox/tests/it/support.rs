//! How do the tests run a script, and see what it left behind?

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use palinode_sandbox::{Interrupt, Limits, Outcome, Policy, Program, find_program, run};

/// Where the tests look for programs.
const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

static COUNT: AtomicUsize = AtomicUsize::new(0);

/// A run whose processes carry a mark that no other process has.
pub(crate) struct Marked {
    mark: String,
}

impl Marked {
    pub(crate) fn new() -> Self {
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        Self {
            mark: format!("palinode-mark-{}-{count}-end", std::process::id()),
        }
    }

    /// A shell script; `$MARK` is the mark, for what drops its environment.
    pub(crate) fn shell(&self, script: &str) -> Program {
        self.program("sh", script)
    }

    /// A Python script; `os.environ["MARK"]` is the mark.
    pub(crate) fn python(&self, script: &str) -> Program {
        self.program("python3", script)
    }

    fn program(&self, interpreter: &str, script: &str) -> Program {
        let file = find_program(interpreter, PATH.as_ref()).expect("the interpreter is there");
        Program::new(file)
            .arguments(["-c", script])
            .variable("MARK", &self.mark)
    }

    /// Waits until no process carries the mark; panics where one does for long.
    pub(crate) fn assert_nothing_is_left(&self) {
        let patience = Instant::now() + Duration::from_secs(10);
        loop {
            let left = self.carriers();
            if left.is_empty() {
                return;
            }
            assert!(Instant::now() < patience, "left behind: {left:?}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Processes with the mark in their arguments or environment.
    pub(crate) fn carriers(&self) -> Vec<String> {
        let processes = std::fs::read_dir("/proc").expect("there is /proc");
        let carries = |path: &Path| {
            ["cmdline", "environ"].iter().any(|file| {
                let text = std::fs::read(path.join(file)).unwrap_or_default();
                String::from_utf8_lossy(&text).contains(&self.mark)
            })
        };
        processes
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| carries(path))
            .map(|path| path.display().to_string())
            .collect()
    }
}

/// Runs under these limits, and fails where that takes longer than any test may.
pub(crate) fn run_limited(program: &Program, limits: Limits) -> Outcome {
    run(program, &Policy::Tool(limits), &Interrupt::new()).expect("it starts")
}

/// Limits for what ends by itself.
pub(crate) fn generous() -> Limits {
    Limits {
        time: Duration::from_secs(60),
        ..Limits::default()
    }
}

/// Limits for what does not.
pub(crate) fn short() -> Limits {
    Limits {
        time: Duration::from_millis(400),
        ..Limits::default()
    }
}
