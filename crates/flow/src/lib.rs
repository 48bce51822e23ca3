//! Where does a value come from, and what guards it: within one file, without running it.
//!
//! Start with [`analyze`], which says which values from outside arrive where they can do harm ([`Flow`]), by which
//! steps, past which guards and through which cleaning. [`Module`] adds who calls whom and what has been checked
//! where ([`Site`], [`Call`]), and analyzes the next version of a file at the cost of what changed. Which names
//! bring values in, do harm or take it away is data: [`Tables`].
//!
//! What is believed, in short: control goes statement by statement, branches are joined, calls to functions of the
//! same file are followed, all others may hand through what they are given. Fields and elements are told apart
//! where their names are written out. What is not looked at is said ([`Analysis::omissions`]). Unfinished code is
//! analyzed as far as it is there: a call that lacks its end is not yet judged.
//!
//! ```
//! use palinode_code::languages;
//! use palinode_flow::{Limits, SinkKind, Tables, analyze};
//!
//! let python = languages::by_name("python").expect("Python is known");
//! let parsed = python.parse_bytes(b"import os\nos.system('ls ' + input())\n");
//! let analysis = analyze(&parsed, Tables::standard(), &Limits::STANDARD);
//! assert_eq!(analysis.flows[0].site.kind, SinkKind::Command);
//! assert!(analysis.flows[0].is_open());
//! ```
//!
//! This room does no IO and takes any bytes: no input makes it panic, and its stack is bounded by
//! [`Limits::depth`].
#![warn(clippy::disallowed_methods)]

mod analysis;
mod error;
mod form;
mod kinds;
mod languages;
mod limits;
mod lower;
mod memory;
mod module;
mod result;
mod roles;
mod tables;
mod tree;

pub use error::Error;
pub use kinds::{Kinds, SinkKind, SourceKind};
pub use limits::Limits;
pub use memory::{Lack, MissingCheck, missing_checks, missing_checks_since};
pub use module::{Call, Function, Module, Occurrence, analyze};
pub use result::{
    Analysis, Check, Flow, Form, Guard, Omission, Sanitizer, Shape, Site, Source, Step,
};
pub use tables::{Argument, Entry, Meaning, Tables, When};
