//! Which study is asked for? `cargo xtask nano-report`, `nano-check`, `bench`, `detection`, `scan-speed`, `speed` and `templates` run this.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line program whose whole answer is what it prints"
)]

mod arguments;
mod bench;
mod detection;
mod in_process;
mod nano_check;
mod nano_report;
mod scan_speed;
mod speed;
mod speed_table;
mod statistics;
mod templates;

use std::process::ExitCode;

use anyhow::{Result, bail};
use arguments::Arguments;

/// As in the program that is being measured.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<()> {
    let mut words = std::env::args().skip(1);
    let study = words.next().unwrap_or_default();
    let arguments = Arguments::read(words)?;
    match study.as_str() {
        "nano-report" => nano_report::run(&arguments),
        "nano-check" => nano_check::run(&arguments),
        "bench" => bench::run(&arguments),
        "scan-speed" => scan_speed::run(&arguments),
        "detection" => detection::run(&arguments),
        "speed" if arguments.has("models") => speed_table::run(&arguments),
        "speed" => speed::run(&arguments),
        "templates" => templates::run(&arguments),
        _ => {
            bail!(
                "there is no study `{study}`; there are nano-report, nano-check, bench, detection, scan-speed, speed and templates"
            )
        }
    }
}
