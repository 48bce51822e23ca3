//! What did a tool say, before it is checked against our texts?

use std::collections::HashMap;

use palinode_code::{Confidence, Cwe, Edit, Finding, Severity, Step};

use crate::place::Place;
use crate::source::Source;

/// The files of one run of a tool, under the names that the tool knows them by.
#[derive(Clone, Debug, Default)]
pub struct Files<'a> {
    files: Vec<File<'a>>,
    /// Positions by name; of several with one name the first.
    by_name: HashMap<String, usize>,
}

#[derive(Clone, Debug)]
struct File<'a> {
    /// Its path, relative to the folder that the tool was started in, with `/`.
    name: String,
    /// Its index in the request.
    index: usize,
    source: &'a Source,
}

/// One thing that a tool said.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// Which of the [`Files`], by its position there.
    pub file: usize,
    /// Where.
    pub place: Place,
    /// The tool's name for what it looked for.
    pub rule: String,
    /// The weaknesses, the best first.
    pub cwes: Vec<Cwe>,
    /// How bad.
    pub severity: Severity,
    /// How sure.
    pub confidence: Option<Confidence>,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub advice: Option<String>,
    /// What would mend it.
    pub fix: Vec<(Place, String)>,
    /// The way of the value.
    pub trace: Vec<(Place, String)>,
}

/// All that a tool said in one run. Files are named by their position in [`Files`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Heard {
    /// Its findings.
    pub said: Vec<Said>,
    /// Files that it could not look at, and why.
    pub failed: Vec<(usize, String)>,
    /// Places that it passed over: the file, the line where it says so, why.
    pub skipped: Vec<(usize, Option<usize>, String)>,
    /// What else it said about its own work.
    pub notes: Vec<String>,
    /// The files that it says it looked at; `None` where its report does not tell.
    pub covered: Option<Vec<usize>>,
}

impl<'a> Files<'a> {
    /// Files with their names and their indices in the request.
    #[must_use]
    pub fn new(files: impl IntoIterator<Item = (String, usize, &'a Source)>) -> Self {
        let file = |(name, index, source)| File {
            name,
            index,
            source,
        };
        let files: Vec<File<'a>> = files.into_iter().map(file).collect();
        let mut by_name = HashMap::with_capacity(files.len());
        for (position, file) in files.iter().enumerate() {
            by_name.entry(file.name.clone()).or_insert(position);
        }
        Self { files, by_name }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The file that a tool calls so: by its path as it was given, with `./` or `file://` before it, or by a longer
    /// path that ends with it.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<usize> {
        let decoded = percent_decoded(name.strip_prefix("file://").unwrap_or(name));
        let name = decoded.replace('\\', "/");
        let name = name.strip_prefix("./").unwrap_or(&name);
        let longer = name.match_indices('/').map(|(at, _)| &name[at + 1..]);
        // The longest first: one file's path may end with another's.
        std::iter::once(name)
            .chain(longer)
            .find_map(|name| self.by_name.get(name).copied())
    }

    /// The same, or what is wrong with a report that speaks of another file.
    pub(crate) fn expect(&self, name: &str) -> Result<usize, String> {
        self.find(name).ok_or_else(|| {
            format!(
                "its report is about `{}`, which it was not asked about",
                shortened(name)
            )
        })
    }

    /// The names, in order.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(|file| file.name.as_str())
    }

    /// The text at a position.
    pub(crate) fn source(&self, file: usize) -> Option<&'a Source> {
        self.files.get(file).map(|file| file.source)
    }

    /// Where the file at a position stands in the request.
    pub(crate) fn index(&self, file: usize) -> Option<usize> {
        self.files.get(file).map(|file| file.index)
    }
}

/// What a run says, with positions in our texts and indices of the request.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Checked {
    pub(crate) findings: Vec<(usize, Finding)>,
    pub(crate) failed: Vec<(usize, String)>,
    pub(crate) skipped: Vec<(usize, Option<usize>, String)>,
    pub(crate) notes: Vec<String>,
}

impl Heard {
    /// Turns places into spans. A file about which the tool said something that does not fit, or about which it does
    /// not say that it looked, counts as failed.
    pub(crate) fn check(self, analyzer: &'static str, files: &Files<'_>) -> Checked {
        let mut failed = self.failed;
        if let Some(covered) = &self.covered {
            for file in 0..files.len() {
                if !covered.contains(&file) && failed.iter().all(|(named, _)| *named != file) {
                    failed.push((file, "it does not say that it looked at it".to_owned()));
                }
            }
        }
        let mut checked = Checked {
            notes: self.notes,
            ..Checked::default()
        };
        for said in self.said {
            let found = files.source(said.file).zip(files.index(said.file));
            let Some((source, index)) = found else {
                continue;
            };
            let line = said.place.line;
            match said.into_finding(analyzer, source) {
                Some(finding) => checked.findings.push((index, finding)),
                None => {
                    let lines = source.text.line_count();
                    let why = format!("it speaks of line {line}, and the text has {lines}");
                    checked.failed.push((index, why));
                }
            }
        }
        let index = |file| files.index(file);
        let failed = failed
            .into_iter()
            .filter_map(|(file, why)| Some((index(file)?, why)));
        checked.failed.extend(failed);
        let skipped = self.skipped.into_iter();
        let skipped = skipped.filter_map(|(file, line, why)| Some((index(file)?, line, why)));
        checked.skipped.extend(skipped);
        checked
    }
}

impl Said {
    fn into_finding(self, analyzer: &'static str, source: &Source) -> Option<Finding> {
        let text = &source.text;
        let fix: Option<Vec<Edit>> = self
            .fix
            .iter()
            .map(|(place, new)| Some(Edit::new(place.exact_span(text)?, new.as_bytes())))
            .collect();
        let step = |(place, note): (Place, String)| {
            let span = place.span(text)?;
            Some(Step { span, note })
        };
        Some(Finding {
            analyzer,
            rule: self.rule,
            cwes: self.cwes,
            severity: self.severity,
            confidence: self.confidence,
            span: self.place.span(text)?,
            message: self.message,
            advice: self.advice,
            // A proposal that does not fit the text is none.
            fix: fix.unwrap_or_default(),
            trace: self.trace.into_iter().filter_map(step).collect(),
        })
    }
}

impl Place {
    /// The span of an edit: both ends are given, and an empty one stays empty.
    fn exact_span(&self, text: &palinode_code::Text) -> Option<palinode_code::Span> {
        let end = Place {
            line: self.end_line.unwrap_or(self.line),
            column: Some(self.end_column?),
            end_line: None,
            end_column: None,
            ..*self
        };
        self.column?;
        let start = self.span(text)?.start;
        let end = end.span(text)?.start;
        (start <= end).then(|| palinode_code::Span::new(start, end))
    }
}

/// A text of a tool, short enough for a message.
pub(crate) fn shortened(text: &str) -> String {
    const MOST: usize = 300;
    let text = text.trim();
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// A path from a URI. What is no escape stays as it is.
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let digits = after
            .get(..2)
            .and_then(|digits| std::str::from_utf8(digits).ok());
        let value = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match value.filter(|_| first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use palinode_code::{Text, languages};

    #[test]
    fn files_are_found_by_what_tools_call_them() {
        let language = languages::by_name("python").expect("it is known");
        let source = Source::new("x", Text::from(""), language);
        let files = Files::new([
            ("a b.py".to_owned(), 4, &source),
            ("d/a.py".to_owned(), 5, &source),
            ("a.py".to_owned(), 6, &source),
        ]);
        assert_eq!(files.find("a.py"), Some(2));
        assert_eq!(files.find("./a.py"), Some(2));
        assert_eq!(files.find("file:///tmp/stage/a%20b.py"), Some(0));
        assert_eq!(files.find("/tmp/stage/d/a.py"), Some(1));
        assert_eq!(files.find("/tmp/stage/xa.py"), None);
        assert_eq!(files.find("100%.py"), None);
        assert!(files.expect("other").is_err());
    }
}
