//! Is anything tied to the machine it was written on?

use crate::tidy::{File, Offence, Rule, Tree};

pub(crate) static ENTRY: Rule = Rule {
    name: "machine",
    doc: "No path of a developer's machine and no host of a private registry stands in a file: a \
          fresh clone on another machine must work, and nothing is told about this one.",
    check,
};

/// Beginnings of paths that exist on somebody's machine. Spelt in pieces, or this file would be its
/// own offender; the second part says whether a name must follow.
const PATHS: &[(&str, bool)] = &[
    (concat!("/ro", "ot/"), false),
    (concat!("/ho", "me/"), true),
    (concat!("/Us", "ers/"), true),
    (concat!("C:\\Us", "ers\\"), true),
    (concat!("/wo", "rk/"), true),
    (concat!("/opt/", "ref"), false),
];

/// Where programs for users to learn from name paths of their own.
const FIXTURES: &[&str] = &["crates/curriculum/src/"];

/// Ends and parts of host names that only work inside some network.
const HOSTS: &[&str] = &[
    concat!(".int", "ernal"),
    concat!(".co", "rp"),
    concat!(".intra", "net"),
    concat!("arti", "factory"),
    concat!("sonatype-", "nexus"),
    concat!("jf", "rog"),
    concat!("dev", "pi"),
];

/// The only place the lock file may take packages from.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

fn check(tree: &Tree) -> Vec<Offence> {
    tree.files().iter().flat_map(offences).collect()
}

fn offences(file: &File) -> Vec<Offence> {
    let Some(text) = file.text() else {
        return Vec::new();
    };
    let fixture = FIXTURES.iter().any(|folder| file.path.starts_with(folder));
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let mut offend =
            |message: String| found.push(Offence::line(&file.path, index + 1, message));
        if let Some(path) = PATHS.iter().find(|path| !fixture && has_path(line, path)) {
            offend(format!("a path of one machine: `{}…`", path.0));
        }
        if let Some(host) = hosts(line).find(|host| !fixture && is_private(host)) {
            offend(format!("a host of one network: `{host}`"));
        }
        if file.path == "Cargo.lock" && line.starts_with("source = ") && !line.contains(REGISTRY) {
            offend("a package that does not come from crates.io".to_owned());
        }
        if file.path.starts_with(".cargo/") && line.trim_start().starts_with("[source") {
            offend("a replaced registry: that belongs into your own configuration".to_owned());
        }
    }
    found
}

fn has_path(line: &str, (path, named): &(&str, bool)) -> bool {
    line.match_indices(path).any(|(at, _)| {
        // `https://host/work/` and `crates/home/` are no paths from the root.
        let before = line[..at].chars().next_back();
        let from_root =
            !before.is_some_and(|letter| letter.is_alphanumeric() || "._-~*/>)}".contains(letter));
        let after = line[at + path.len()..].chars().next();
        from_root && (!named || after.is_some_and(|letter| letter.is_ascii_alphanumeric()))
    })
}

/// The host names of the addresses on a line.
fn hosts(line: &str) -> impl Iterator<Item = &str> {
    line.match_indices("://").map(|(at, _)| {
        let rest = &line[at + 3..];
        let end =
            rest.find(|letter: char| !(letter.is_ascii_alphanumeric() || "-._@:".contains(letter)));
        let host = &rest[..end.unwrap_or(rest.len())];
        host.rsplit('@').next().unwrap_or(host)
    })
}

fn is_private(host: &str) -> bool {
    let name = host.split(':').next().unwrap_or(host);
    HOSTS.iter().any(|part| {
        if part.starts_with('.') {
            name.ends_with(part)
        } else {
            name.contains(part)
        }
    }) || ["10.", "192.168."]
        .iter()
        .any(|network| name.starts_with(network))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::rules::checking::offenders;

    #[test]
    fn paths_of_one_machine_are_caught() {
        let text = format!(
            "a {}x\nb \"{}ada/x\"\nc crates{}ada\nd {}<name>\ne https://a.org{}ada\n",
            PATHS[0].0, PATHS[1].0, PATHS[1].0, PATHS[1].0, PATHS[1].0
        );
        let files = [
            ("README.md", text.as_str()),
            ("crates/curriculum/src/a.rs", text.as_str()),
        ];
        assert_eq!(offenders(&ENTRY, &files), ["README.md:1", "README.md:2"]);
    }

    #[test]
    fn hosts_of_one_network_are_caught() {
        let text = format!(
            "https://index{}/x\nhttps://me:key@{}.example.org/\nhttp:/{}192.168.0.4:80/\nhttps://crates.io/\nhttp://127.0.0.1:8000/v1\n",
            HOSTS[0], HOSTS[3], "/"
        );
        assert_eq!(
            offenders(&ENTRY, &[("a.toml", text.as_str())]),
            ["a.toml:1", "a.toml:2", "a.toml:3"]
        );
    }

    #[test]
    fn a_package_from_elsewhere_and_a_replaced_registry_are_caught() {
        let lock = format!("source = \"{REGISTRY}\"\nsource = \"git+https://a.org/b\"\n");
        let files = [
            (".cargo/config.toml", "[source.crates-io]\n"),
            ("Cargo.lock", lock.as_str()),
        ];
        assert_eq!(
            offenders(&ENTRY, &files),
            [".cargo/config.toml:1", "Cargo.lock:2"]
        );
    }
}
