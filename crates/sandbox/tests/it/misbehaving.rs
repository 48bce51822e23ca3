//! Does anything get past the limits, or live on?

use std::time::Duration;

use palinode_sandbox::{Ending, Interrupt, Limits, Policy, run};

use crate::support::{Marked, generous, run_limited, short};

#[test]
fn what_hangs_is_ended() {
    let marked = Marked::new();
    let outcome = run_limited(&marked.shell("echo begun; sleep 1000; true"), short());
    assert_eq!(outcome.ending, Ending::TimedOut);
    assert_eq!(outcome.stdout, b"begun\n");
    marked.assert_nothing_is_left();
}

#[test]
fn what_ignores_being_asked_is_ended() {
    let marked = Marked::new();
    let script = "trap '' TERM INT HUP QUIT PIPE; while :; do sleep 1; done";
    let outcome = run_limited(&marked.shell(script), short());
    assert_eq!(outcome.ending, Ending::TimedOut);
    marked.assert_nothing_is_left();
}

#[test]
fn what_leaves_the_session_is_ended_with_its_parent() {
    let marked = Marked::new();
    let outcome = run_limited(&marked.shell("setsid sleep 1000 & exit 4"), generous());
    assert_eq!(outcome.ending, Ending::Exited(4));
    marked.assert_nothing_is_left();
}

#[test]
fn what_forks_twice_and_drops_its_environment_is_ended() {
    let marked = Marked::new();
    let script = r#"
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.closerange(0, 100)
        os.execve("/bin/sh", ["sh", "-c", "sleep 1000; : " + os.environ["MARK"]], {})
    os._exit(0)
time.sleep(0.3)
print("done")
"#;
    let outcome = run_limited(&marked.python(script), generous());
    assert_eq!(outcome.ending, Ending::Exited(0));
    assert_eq!(outcome.stdout, b"done\n");
    marked.assert_nothing_is_left();
}

#[test]
fn a_child_that_keeps_the_pipes_open_holds_nobody_up() {
    let marked = Marked::new();
    let outcome = run_limited(&marked.shell("sleep 1000 & echo said"), generous());
    assert_eq!(outcome.ending, Ending::Exited(0));
    assert_eq!(outcome.stdout, b"said\n");
    assert!(outcome.wall < Duration::from_secs(30));
    marked.assert_nothing_is_left();
}

#[test]
fn what_multiplies_is_ended() {
    let marked = Marked::new();
    let limits = Limits {
        processes: 20,
        ..generous()
    };
    let script = "bomb() { bomb & bomb & wait; }; bomb";
    let outcome = run_limited(&marked.shell(script), limits);
    assert_eq!(outcome.ending, Ending::TooManyProcesses);
    marked.assert_nothing_is_left();
}

#[test]
fn as_many_processes_as_are_allowed_may_run() {
    let marked = Marked::new();
    let limits = Limits {
        processes: 5,
        ..generous()
    };
    let script = "for i in 1 2 3 4; do sleep 0.2 & done; wait; echo $i";
    let outcome = run_limited(&marked.shell(script), limits);
    assert_eq!(outcome.ending, Ending::Exited(0));
}

#[test]
fn what_writes_a_gigabyte_is_cut_and_told_apart() {
    for (redirect, of_stdout) in [("", true), (" >&2", false)] {
        let marked = Marked::new();
        let limits = Limits {
            output: 1 << 20,
            ..generous()
        };
        let script = format!("head -c 1000000000 /dev/zero{redirect}");
        let outcome = run_limited(&marked.shell(&script), limits);
        assert_eq!(outcome.ending, Ending::TooMuchOutput);
        let (full, empty) = match of_stdout {
            true => (&outcome.stdout, &outcome.stderr),
            false => (&outcome.stderr, &outcome.stdout),
        };
        assert_eq!(full.len(), 1 << 20);
        // What a shell says about a child that was killed may stand there.
        assert!(empty.len() < 1000);
        marked.assert_nothing_is_left();
    }
}

#[test]
fn what_takes_memory_is_ended_and_told_apart() {
    let marked = Marked::new();
    let limits = Limits {
        memory: 200 << 20,
        ..generous()
    };
    let script = "
import time
kept = []
while True:
    kept.append(bytearray(b'x') * (4 << 20))
    time.sleep(0.004)
";
    let outcome = run_limited(&marked.python(script), limits);
    assert_eq!(outcome.ending, Ending::TooMuchMemory);
    assert!(outcome.peak_memory > 100 << 20);
    marked.assert_nothing_is_left();
}

#[test]
fn memory_taken_between_two_looks_is_refused() {
    let limits = Limits {
        memory: 200 << 20,
        ..generous()
    };
    let script = "bytearray(b'x') * (3 << 30)";
    let outcome = run_limited(&Marked::new().python(script), limits);
    assert!(!outcome.succeeded());
    assert!(outcome.peak_memory < 1 << 30);
}

#[test]
fn a_file_that_grows_too_large_is_told() {
    let limits = Limits {
        file_size: 1 << 16,
        ..generous()
    };
    let outcome = run_limited(
        &Marked::new().shell("exec head -c 1000000 /dev/zero > file"),
        limits,
    );
    // SIGXFSZ
    assert_eq!(outcome.ending, Ending::Killed(25));
}

#[test]
fn crashes_are_told_with_their_signal() {
    let outcome = run_limited(&Marked::new().shell("kill -SEGV $$"), generous());
    assert_eq!(outcome.ending, Ending::Killed(11));
    let outcome = run_limited(&Marked::new().shell("kill -KILL $$"), generous());
    assert_eq!(outcome.ending, Ending::Killed(9));
}

#[test]
fn closing_the_output_early_is_no_end() {
    let marked = Marked::new();
    let script = "echo first; exec >&- 2>&-; sleep 0.2; exit 9";
    let outcome = run_limited(&marked.shell(script), generous());
    assert_eq!(outcome.ending, Ending::Exited(9));
    assert_eq!(outcome.stdout, b"first\n");
}

#[test]
fn reading_for_ever_ends_with_the_input() {
    let outcome = run_limited(
        &Marked::new().shell("cat > /dev/null; echo end"),
        generous(),
    );
    assert_eq!(outcome.stdout, b"end\n");
}

#[test]
fn input_that_nobody_reads_holds_nobody_up() {
    let program = Marked::new().shell("exit 5").input(vec![b'x'; 8 << 20]);
    let outcome = run_limited(&program, generous());
    assert_eq!(outcome.ending, Ending::Exited(5));
    let program = Marked::new().shell("sleep 1000").input(vec![b'x'; 8 << 20]);
    assert_eq!(run_limited(&program, short()).ending, Ending::TimedOut);
}

#[test]
fn an_interrupt_ends_a_run_that_is_under_way() {
    let marked = Marked::new();
    let interrupt = Interrupt::new();
    let program = marked.shell("echo begun; setsid sleep 1000 & sleep 1000");
    let outcome = std::thread::scope(|scope| {
        let running = scope.spawn(|| run(&program, &Policy::Tool(generous()), &interrupt));
        while marked.carriers().len() < 2 {
            std::thread::sleep(Duration::from_millis(5));
        }
        interrupt.trigger();
        running.join().expect("it does not panic")
    });
    let outcome = outcome.expect("it started");
    assert_eq!(outcome.ending, Ending::Interrupted);
    assert!(outcome.wall < Duration::from_secs(30));
    marked.assert_nothing_is_left();
}

#[test]
fn killing_the_supervisor_kills_the_program() {
    let marked = Marked::new();
    let program = marked.shell("kill -KILL $PPID; sleep 1000");
    let error = run(&program, &Policy::Tool(generous()), &Interrupt::new())
        .expect_err("nobody can say how it ended");
    assert!(error.to_string().contains("was killed"), "{error}");
    marked.assert_nothing_is_left();
}

#[test]
fn runs_beside_each_other_do_not_meet() {
    std::thread::scope(|scope| {
        for code in 0..8 {
            scope.spawn(move || {
                let marked = Marked::new();
                let script = format!("setsid sleep 1000 & cat; exit {code}");
                let program = marked.shell(&script).input(format!("input {code}"));
                let outcome = run_limited(&program, generous());
                assert_eq!(outcome.ending, Ending::Exited(code));
                assert_eq!(outcome.stdout, format!("input {code}").into_bytes());
                marked.assert_nothing_is_left();
            });
        }
    });
}
