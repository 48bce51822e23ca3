//! What is left when somebody stops listening, or presses Ctrl-C?

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command};

use tempfile::TempDir;

use crate::command;
use crate::events::replay;
use crate::scripted::{self, GREETING};

/// Starts writing far more samples than anybody waits for.
fn endless(events: &str) -> (Child, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    scripted::write(folder.path(), GREETING, true);
    let name = folder.path().display().to_string();
    let arguments = [
        "generate",
        "greet",
        "-m",
        &name,
        "--n",
        "1000000000",
        "--events",
        events,
    ];
    let child = command(&arguments).spawn().expect("the program starts");
    (child, folder)
}

#[test]
fn a_reader_that_has_heard_enough_is_no_failure() {
    let (mut child, _folder) = endless("-");
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().contains("\"start\""));
    drop(lines);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        note_at_temperature_0()
    );
}

#[test]
#[cfg(unix)]
fn ctrl_c_prints_what_there_is() {
    let (mut child, _folder) = endless("-");
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    let mut text = String::new();
    reader.read_line(&mut text).unwrap();
    let id = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &id])
            .status()
            .unwrap()
            .success()
    );
    reader.read_to_string(&mut text).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("interrupted: "), "{stderr}");
    // The last sample is complete too: an episode that was open is dropped, and `end` says why.
    let replayed = replay(&text);
    let last = replayed.lines.last().unwrap();
    assert_eq!(last["type"], "end");
    assert_eq!(last["sample"], replayed.programs.len());
}

fn note_at_temperature_0() -> &'static str {
    "note: at temperature 0 all samples are the same; see --temperature\n"
}
