//! Which repository is meant, and which revision of it?

use std::fmt;
use std::str::FromStr;

use crate::Error;

/// The longest `org/name`, as on the hub.
const LONGEST_ID: usize = 96;
/// The longest name of a branch or tag that a file system holds.
const LONGEST_REVISION: usize = 200;
/// What is meant where no revision is named.
const MAIN: &str = "main";

/// A model's repository on the hub, written `org/name` or `org/name@revision`.
///
/// The names are those the hub allows, so each can stand in an address and in a path.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Repository {
    id: String,
    revision: Option<String>,
}

impl Repository {
    /// Its name, `org/name`.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The revision asked for: a branch, a tag or a commit; `main` where none was.
    #[must_use]
    pub fn revision(&self) -> &str {
        self.revision.as_deref().unwrap_or(MAIN)
    }

    /// The commit asked for, where the revision is a commit in full, which never changes.
    #[must_use]
    pub fn commit(&self) -> Option<&str> {
        self.revision.as_deref().filter(|text| is_commit(text))
    }
}

impl FromStr for Repository {
    type Err = Error;

    fn from_str(text: &str) -> Result<Repository, Error> {
        let refused = |problem| Error::Name {
            text: text.chars().take(LONGEST_ID + LONGEST_REVISION).collect(),
            problem,
        };
        let (id, revision) = match text.split_once('@') {
            Some((id, revision)) => (id, Some(revision)),
            None => (text, None),
        };
        check_id(id).map_err(refused)?;
        revision.map_or(Ok(()), check_revision).map_err(refused)?;
        Ok(Repository {
            id: id.to_owned(),
            revision: revision.map(str::to_owned),
        })
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.id)?;
        match &self.revision {
            Some(revision) => write!(formatter, "@{revision}"),
            None => Ok(()),
        }
    }
}

/// Whether a text is a commit in full.
pub(super) fn is_commit(text: &str) -> bool {
    is_hash(text, 40)
}

/// Whether a text is this many hexadecimal digits, as git writes them.
pub(super) fn is_hash(text: &str, digits: usize) -> bool {
    text.len() == digits
        && text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn check_id(id: &str) -> Result<(), &'static str> {
    let Some((organisation, name)) = id.split_once('/') else {
        return Err("the part before the `/` is missing");
    };
    if id.len() > LONGEST_ID {
        return Err("it is longer than 96 characters");
    }
    for part in [organisation, name] {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if part.is_empty() {
            return Err("a part of it is empty");
        }
        if !part.bytes().all(allowed) {
            return Err("only letters, digits, `-`, `_` and `.` may stand in it, and one `/`");
        }
        if part.starts_with(['-', '.']) || part.ends_with(['-', '.']) {
            return Err("a part of it begins or ends with `-` or `.`");
        }
        // Two dashes stand for the `/` in the cache's folders.
        if part.contains("--") || part.contains("..") {
            return Err("`--` and `..` may not stand in it");
        }
    }
    if name.ends_with(".git") {
        return Err("it ends with `.git`");
    }
    Ok(())
}

/// A revision names a file below `refs/`, and git has rules of its own.
fn check_revision(revision: &str) -> Result<(), &'static str> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./+".contains(&byte);
    if revision.is_empty() {
        return Err("the revision after `@` is empty");
    }
    if revision.len() > LONGEST_REVISION {
        return Err("the revision is longer than 200 characters");
    }
    if !revision.bytes().all(allowed) {
        return Err("only letters, digits and `-_./+` may stand in a revision");
    }
    let odd = |part: &str| {
        part.is_empty()
            || part.starts_with(['.', '-'])
            || part.ends_with('.')
            || part.ends_with(".lock")
            || part.contains("..")
    };
    if revision.split('/').any(odd) {
        return Err("git has no revisions of such a name");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

    #[test]
    fn names_are_read_and_written() {
        let plain: Repository = "Qwen/Qwen2.5-Coder-1.5B".parse().unwrap();
        assert_eq!(plain.id(), "Qwen/Qwen2.5-Coder-1.5B");
        assert_eq!((plain.revision(), plain.commit()), ("main", None));
        for text in ["a/b@v1.0", "a_b/c.d@refs/pr/1", "a/b@feature/x+y"] {
            let repository: Repository = text.parse().unwrap();
            assert_eq!(repository.to_string(), text);
            assert_eq!(repository.commit(), None);
        }
        let pinned: Repository = format!("a/b@{COMMIT}").parse().unwrap();
        assert_eq!(pinned.commit(), Some(COMMIT));
    }

    #[test]
    fn what_is_no_name_is_refused() {
        let long = format!("a/{}", "b".repeat(95));
        let names = [
            "", "/", "a", "a/", "/b", "a/b/c", "../b", "a/..", "a/b..c", "a/b--c", "a/-b", "a/b.",
            "a/b.git", "a/b c", "a/ä", "a\\b", "a/b%2f", "a/b?x", "C:/b", "a/b\0", &long,
        ];
        for name in names {
            let error = name.parse::<Repository>().unwrap_err();
            assert!(error.hint().is_some(), "{error}");
        }
    }

    #[test]
    fn what_is_no_revision_is_refused() {
        let long = "r".repeat(201);
        let revisions = [
            "", "..", "a/../b", "/a", "a/", "a//b", ".a", "a/.b", "a.lock", "a.", "-a", "a b",
            "a@b", "a~1", "a^", "a:b", "a\\b", "a\nb", "ä", &long,
        ];
        for revision in revisions {
            assert!(
                format!("a/b@{revision}").parse::<Repository>().is_err(),
                "{revision}"
            );
        }
    }
}
