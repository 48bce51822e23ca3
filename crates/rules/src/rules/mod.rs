//! Which rules are there, folder by folder? A rule is one file and one line here.

use super::Folder;

/// The texts of one folder's rules.
macro_rules! folder {
    ($folder:literal: $($rule:literal)*) => {
        &[$((concat!($rule, ".yml"), include_str!(concat!($folder, "/", $rule, ".yml")))),*]
    };
}

mod c;
mod cpp;
mod csharp;
mod flow;
mod go;
mod java;
mod javascript;
mod php;
mod python;
mod rust;

/// Our rules, by the language they are written for.
pub(super) static FOLDERS: [Folder; 10] = [
    Folder::new("c", &["c", "cpp"], c::TEXTS),
    Folder::new("cpp", &["cpp"], cpp::TEXTS),
    Folder::new("csharp", &["csharp"], csharp::TEXTS),
    Folder::new(
        "flow",
        &[
            "python",
            "javascript",
            "typescript",
            "tsx",
            "java",
            "php",
            "go",
            "c",
            "cpp",
        ],
        flow::TEXTS,
    ),
    Folder::new("go", &["go"], go::TEXTS),
    Folder::new("java", &["java"], java::TEXTS),
    Folder::new(
        "javascript",
        &["javascript", "typescript", "tsx"],
        javascript::TEXTS,
    ),
    Folder::new("php", &["php"], php::TEXTS),
    Folder::new("python", &["python"], python::TEXTS),
    Folder::new("rust", &["rust"], rust::TEXTS),
];
