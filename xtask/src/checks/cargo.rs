//! Steps: is the code formatted, clean under clippy, documented, and does it build without a model?
//!
//! Everything runs in the release profile, so that nothing compiles a second time in another one;
//! and nobody sets `RUSTFLAGS`, which would replace those of `.cargo/config.toml` and compile
//! everything anew.

use std::path::Path;

use anyhow::Result;

use super::{Outcome, Step};
use crate::process;

pub(super) static FORMAT: Step = Step {
    name: "format",
    shows: "every file is formatted as rustfmt does by default",
    run: |root| {
        // The names of the files are enough: `cargo fmt` shows and does the rest.
        let outcome = cargo(root, &["fmt", "--all", "--", "--check", "-l"], &[])?;
        if !outcome.passed {
            println!("hint: `cargo fmt --all` formats them");
        }
        Ok(outcome)
    },
};

pub(super) static CLIPPY: Step = Step {
    name: "clippy",
    shows: "no lint of the workspace complains",
    run: |root| {
        let words = "clippy --release --workspace --all-targets -- -D warnings";
        cargo(root, &words.split(' ').collect::<Vec<_>>(), &[])
    },
};

pub(super) static DOCS: Step = Step {
    name: "docs",
    shows: "every public item is documented and every link leads somewhere",
    run: |root| {
        let words = ["doc", "--release", "--workspace", "--no-deps"];
        cargo(root, &words, &[("RUSTDOCFLAGS", "-D warnings")])
    },
};

pub(super) static WITHOUT_MODEL: Step = Step {
    name: "without-model",
    shows: "the tool without a model builds alone",
    run: |root| {
        let words = "check --release --package palinode --no-default-features";
        cargo(root, &words.split(' ').collect::<Vec<_>>(), &[])
    },
};

fn cargo(root: &Path, words: &[&str], environment: &[(&str, &str)]) -> Result<Outcome> {
    let finished = process::show(root, &process::cargo(), words, environment)?;
    Ok(Outcome::of(finished.success, ""))
}
