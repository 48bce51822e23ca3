//! What did the user ask, and how is the answer shown?
//!
//! [`parse`] turns what was typed into an [`Invocation`]; nothing has happened by then. Its
//! [`run`](Invocation::run) checks it and does the work: one file a verb, in `commands/`.

mod arguments;
mod commands;
#[cfg(feature = "local")]
mod compute;
mod console;
mod events;
#[cfg(feature = "local")]
mod examples;
mod failure;
mod git;
#[cfg(feature = "local")]
mod hub;
mod interrupt;
#[cfg(feature = "local")]
mod model_name;
#[cfg(feature = "local")]
mod nano;
mod pages;
#[cfg(feature = "train")]
mod recipe;
mod status;
mod view;

pub use arguments::{Invocation, parse};
pub use status::Status;

/// After a panic, says that it is a bug and what helps to find it.
pub fn ask_for_reports() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        usual(panic);
        console::note(concat!(
            "error: this is a bug in palinode ",
            env!("CARGO_PKG_VERSION"),
            "\nhint: please report it, with the command line, the input and the text above"
        ));
    }));
}
