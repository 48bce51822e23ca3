//! What does a `Cargo.toml` say, line by line?
//!
//! Enough of TOML for manifests as this house writes them: tables, `key = value` with values that
//! may span lines inside brackets, and comments. Nothing is interpreted beyond that.

/// One `key = value` of a manifest.
#[derive(Debug)]
pub(super) struct Entry {
    /// The table it stands in, such as `dependencies` or `workspace.lints.rust`.
    pub(super) table: String,
    /// The key as written, such as `serde.workspace`.
    pub(super) key: String,
    /// The value as written, comments removed.
    pub(super) value: String,
    /// The line of the key, counted from 1.
    pub(super) line: usize,
}

/// Which of a package's three lists a dependency stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum List {
    Normal,
    Dev,
    Build,
}

/// One dependency of a package.
#[derive(Debug)]
pub(super) struct Dependency {
    pub(super) name: String,
    pub(super) list: List,
    /// Whether the version is the workspace's.
    pub(super) from_workspace: bool,
    pub(super) line: usize,
}

/// Every `key = value` of a manifest, in order.
pub(super) fn entries(text: &str) -> Vec<Entry> {
    let mut found: Vec<Entry> = Vec::new();
    let mut table = String::new();
    let mut open = 0_i32;
    for (index, raw) in text.lines().enumerate() {
        let line = without_comment(raw);
        let trimmed = line.trim();
        if open > 0 {
            if let Some(last) = found.last_mut() {
                last.value.push(' ');
                last.value.push_str(trimmed);
            }
            open += balance(line);
        } else if let Some(name) = trimmed.strip_prefix('[') {
            table = name
                .trim_matches(|c| c == '[' || c == ']')
                .trim()
                .to_owned();
        } else if let Some((key, value)) = trimmed.split_once('=') {
            found.push(Entry {
                table: table.clone(),
                key: key.trim().to_owned(),
                value: value.trim().to_owned(),
                line: index + 1,
            });
            open = balance(value);
        }
    }
    found
}

/// The value of `key` in `table`, without quotes.
pub(super) fn value<'a>(entries: &'a [Entry], table: &str, key: &str) -> Option<&'a str> {
    entries
        .iter()
        .find(|entry| entry.table == table && entry.key == key)
        .map(|entry| entry.value.trim_matches('"'))
}

/// The dependencies of a package, in all three lists and for every target.
pub(super) fn dependencies(entries: &[Entry]) -> Vec<Dependency> {
    let mut found: Vec<Dependency> = Vec::new();
    for entry in entries {
        let Some((list, own_table)) = list_of(&entry.table) else {
            continue;
        };
        // `[dependencies.serde]` spreads one dependency over several lines.
        let (name, key, value) = match (own_table, entry.key.split_once('.')) {
            (Some(name), _) => (name, entry.key.as_str(), entry.value.as_str()),
            (None, Some((name, key))) => (name, key, entry.value.as_str()),
            (None, None) => (entry.key.as_str(), "", entry.value.as_str()),
        };
        let from_workspace = (key == "workspace" && value == "true")
            || (key.is_empty() && value.replace(' ', "").contains("workspace=true"));
        let name = name.trim_matches('"').to_owned();
        match found
            .iter_mut()
            .find(|one| one.name == name && one.list == list)
        {
            Some(known) => known.from_workspace |= from_workspace,
            None => found.push(Dependency {
                name,
                list,
                from_workspace,
                line: entry.line,
            }),
        }
    }
    found
}

/// Which list a table is, and the dependency's name where the table is that of one dependency.
fn list_of(table: &str) -> Option<(List, Option<&str>)> {
    // `target.'cfg(unix)'.dependencies` is a list as well; the target may contain dots.
    let tail = if table.starts_with("target.") {
        let at = ["dev-dependencies", "build-dependencies", "dependencies"]
            .iter()
            .filter_map(|list| table.find(&format!(".{list}")))
            .min()?;
        &table[at + 1..]
    } else {
        table
    };
    let (list, own) = match tail.split_once('.') {
        Some((list, own)) => (list, Some(own)),
        None => (tail, None),
    };
    let list = match list {
        "dependencies" => List::Normal,
        "dev-dependencies" => List::Dev,
        "build-dependencies" => List::Build,
        _ => return None,
    };
    Some((list, own))
}

fn without_comment(line: &str) -> &str {
    let mut quoted = false;
    for (at, byte) in line.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'#' if !quoted => return &line[..at],
            _ => {}
        }
    }
    line
}

/// How many brackets and braces a line leaves open, those in strings not counted.
fn balance(line: &str) -> i32 {
    let mut quoted = false;
    let mut open = 0;
    for byte in line.bytes() {
        match byte {
            b'"' => quoted = !quoted,
            b'[' | b'{' if !quoted => open += 1,
            b']' | b'}' if !quoted => open -= 1,
            _ => {}
        }
    }
    open
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = r#"
[package]
name = "palinode-code" # the room
[features]
default = [
    "local", # "x
]
[dependencies]
serde.workspace = true
clap = { workspace = true, optional = true }
rand = "0.9"
[dependencies.regex]
version = "1"
[target.'cfg(windows)'.dependencies]
winapi = { version = "1" }
[dev-dependencies]
insta.workspace = true
"#;

    #[test]
    fn values_and_tables_are_read() {
        let entries = entries(MANIFEST);
        assert_eq!(value(&entries, "package", "name"), Some("palinode-code"));
        assert_eq!(
            value(&entries, "features", "default"),
            Some("[ \"local\", ]")
        );
        assert_eq!(value(&entries, "package", "default"), None);
    }

    #[test]
    fn every_form_of_dependency_is_seen() {
        let seen: Vec<_> = dependencies(&entries(MANIFEST))
            .into_iter()
            .map(|one| (one.name, one.list, one.from_workspace))
            .collect();
        let expected = [
            ("serde", List::Normal, true),
            ("clap", List::Normal, true),
            ("rand", List::Normal, false),
            ("regex", List::Normal, false),
            ("winapi", List::Normal, false),
            ("insta", List::Dev, true),
        ];
        let expected: Vec<_> = expected
            .into_iter()
            .map(|(name, list, from)| (name.to_owned(), list, from))
            .collect();
        assert_eq!(seen, expected);
    }
}
