//! What does a rule say, as its author wrote it?

use palinode_code::{Confidence, Cwe, Language, Severity, languages};
use palinode_flow::{Lack, SinkKind};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::error::Error;
use crate::literals;

/// One rule: what it looks for, and its manual.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Its name, unique in a book.
    pub id: String,
    /// The name its text was given with: for a rule of ours, that of its file.
    pub file: String,
    /// The languages it is asked of. A rule for JavaScript is one for TypeScript too, one for C is one for C++ too,
    /// unless `metadata.languages` lists others.
    pub languages: Vec<&'static Language>,
    /// What it finds, in a few words.
    pub title: String,
    /// What a finding says; `$NAME` stands for what the pattern's variable of that name matched.
    pub message: String,
    /// The weaknesses a finding is an instance of, the one that fits best first.
    pub cwes: Vec<Cwe>,
    /// How bad a finding is.
    pub severity: Severity,
    /// How sure a finding is, where the author says so.
    pub confidence: Option<Confidence>,
    /// Why it matters; empty where the author does not say.
    pub why: String,
    /// What to write instead, where the author says so.
    pub advice: Option<String>,
    /// Code in which it finds something: in each of its languages, or, for a rule about flows, in the first.
    pub bad: Vec<String>,
    /// Code like it in which it finds nothing.
    pub good: Vec<String>,
    /// Whether a finding proposes edits that mend it.
    pub mends: bool,
    /// What flows it finds, for a rule that has `flow` in place of `rule`.
    pub(crate) flow: Option<Flows>,
    /// The mapping that ast-grep reads, without what only we read.
    pub(crate) body: Map<String, Value>,
    /// What some node of the file must match for the rule to be asked at all: a mapping like `rule`'s, and in place of
    /// it once a text, so that a fact about the file is not looked for from each node.
    pub(crate) of_file: Option<Value>,
    /// What a match of this condition depends on.
    pub(crate) of_file_reach: Reach,
    /// Words, in lower case, one of which a text must hold for the rule to match; `None` where any text may match.
    pub(crate) words: Option<Vec<String>>,
    /// What a match depends on.
    pub(crate) reach: Reach,
}

/// What a rule about flows finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Flows {
    /// Values from outside that arrive in places of one kind.
    Into {
        kind: SinkKind,
        /// The kinds of places that the values come from, by name.
        from: Vec<String>,
    },
    /// Memory that is touched without a check.
    Without(Lack),
}

/// What of a text decides whether a node matches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reach {
    /// How far around the node that is.
    pub(crate) breadth: Breadth,
    /// The kinds of the nodes around it that are looked at, for [`Breadth::Around`].
    pub(crate) around: Vec<String>,
    /// Whether it may be that something does *not* stand around it, which may yet come while code is being written.
    pub(crate) absence: bool,
}

/// How far around a node a rule looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Breadth {
    /// The node and what is in it.
    #[default]
    Node,
    /// Nodes around it of certain kinds, and what is in them.
    Around,
    /// The item at the top of the file that it stands in, and the ones beside that.
    Item,
    /// The whole file.
    File,
}

/// What we read of `metadata`; other fields are the author's own.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Metadata {
    title: Option<String>,
    languages: Vec<String>,
    cwe: Value,
    severity: Option<String>,
    confidence: Option<String>,
    why: String,
    advice: Option<String>,
    bad: Vec<String>,
    good: Vec<String>,
}

/// Names a text that is being read, for errors.
struct Reading<'t> {
    file: &'t str,
}

impl Reading<'_> {
    fn wrong(&self, field: &str, reason: impl Into<String>) -> Error {
        Error::Field {
            file: self.file.to_owned(),
            field: field.to_owned(),
            reason: reason.into(),
        }
    }

    fn take_text(
        &self,
        body: &mut Map<String, Value>,
        field: &str,
    ) -> Result<Option<String>, Error> {
        match body.remove(field) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.wrong(field, "must be text")),
        }
    }

    fn language(&self, field: &str, name: &str) -> Result<&'static Language, Error> {
        languages::by_name(name)
            .ok_or_else(|| self.wrong(field, format!("no language is called `{name}`")))
    }

    /// The severity of our own scale, else what ast-grep's word for it comes to; `None` for a rule switched off.
    fn severity(
        &self,
        ours: Option<&str>,
        theirs: Option<&str>,
    ) -> Result<Option<Severity>, Error> {
        if theirs == Some("off") {
            return Ok(None);
        }
        if let Some(name) = ours {
            return match name.to_ascii_lowercase().parse() {
                Ok(severity) => Ok(Some(severity)),
                Err(_) => Err(self.wrong(
                    "metadata.severity",
                    format!("`{name}` is none of info, low, medium, high, critical"),
                )),
            };
        }
        match theirs.unwrap_or("hint") {
            "error" => Ok(Some(Severity::High)),
            "warning" => Ok(Some(Severity::Medium)),
            "info" => Ok(Some(Severity::Low)),
            "hint" => Ok(Some(Severity::Info)),
            name => Err(self.wrong(
                "severity",
                format!("`{name}` is none of off, hint, info, warning, error"),
            )),
        }
    }

    fn cwes(&self, written: &Value) -> Result<Vec<Cwe>, Error> {
        let one = |value: &Value| match value {
            Value::String(text) => Cwe::read(text),
            Value::Number(number) => number.as_u64().and_then(|n| u16::try_from(n).ok()).map(Cwe),
            _ => None,
        };
        let values = match written {
            Value::Null => &[][..],
            Value::Array(values) => values,
            value => std::slice::from_ref(value),
        };
        let read = |value| {
            one(value).ok_or_else(|| self.wrong("metadata.cwe", format!("{value} names no CWE")))
        };
        values.iter().map(read).collect()
    }
}

impl Rule {
    /// Whether it is about where values come from and go to, in place of what code looks like.
    #[must_use]
    pub fn is_about_flows(&self) -> bool {
        self.flow.is_some()
    }

    /// The rule that `text` is, in ast-grep's YAML form with our `metadata`. `None` for one that is switched off.
    pub(crate) fn read(file: &str, text: &str) -> Result<Option<Self>, Error> {
        let reading = Reading { file };
        let value: Value = ast_grep_config::from_str(text).map_err(|error| Error::Yaml {
            file: file.to_owned(),
            reason: error.to_string(),
        })?;
        let Value::Object(mut body) = value else {
            return Err(Error::Yaml {
                file: file.to_owned(),
                reason: "no mapping".to_owned(),
            });
        };
        let metadata = match body.remove("metadata") {
            None | Some(Value::Null) => Metadata::default(),
            Some(value) => serde_json::from_value(value)
                .map_err(|error| reading.wrong("metadata", error.to_string()))?,
        };
        let required = |field: &str, text: Option<String>| {
            text.filter(|text| !text.trim().is_empty())
                .ok_or_else(|| reading.wrong(field, "is missing"))
        };
        let id = required("id", reading.take_text(&mut body, "id")?)?;
        let language = required("language", reading.take_text(&mut body, "language")?)?;
        let message = required("message", reading.take_text(&mut body, "message")?)?;
        let note = reading.take_text(&mut body, "note")?;
        let theirs = reading.take_text(&mut body, "severity")?;
        let Some(severity) = reading.severity(metadata.severity.as_deref(), theirs.as_deref())?
        else {
            return Ok(None);
        };
        let confidence = match metadata.confidence {
            None => None,
            Some(name) => Some(name.to_ascii_lowercase().parse().map_err(|_| {
                reading.wrong(
                    "metadata.confidence",
                    format!("`{name}` is none of low, medium, high"),
                )
            })?),
        };
        let mut listed = Vec::new();
        for name in &metadata.languages {
            listed.push(reading.language("metadata.languages", name)?);
        }
        let first = reading.language("language", &language)?;
        let flow = body
            .remove("flow")
            .map(|value| flows(&reading, &value))
            .transpose()?;
        let rule = match (&flow, body.get("rule")) {
            (None, None) => return Err(reading.wrong("rule", "is missing")),
            (Some(_), Some(_)) => {
                return Err(reading.wrong("flow", "stands beside `rule`, which it is in place of"));
            }
            (_, rule) => rule,
        };
        let utils = body.get("utils");
        let words = rule.and_then(|rule| literals::words_of(rule, utils));
        let of_file = body.get("file");
        if flow.is_some() && of_file.is_some() {
            return Err(reading.wrong("file", "stands beside `flow`, which asks about the file"));
        }
        let words = match of_file.and_then(|of_file| literals::words_of(of_file, utils)) {
            Some(theirs) => literals::rarer(words, theirs),
            None => words,
        };
        let of_file_reach = of_file
            .and_then(Value::as_object)
            .map(|fields| reach_of(fields, Place::default()))
            .unwrap_or_default();
        let negated = of_file.is_some_and(has_negation);
        let place = Place::of(rule);
        let of_file = body.remove("file");
        let mut reach = reach_of(&body, place);
        reach.absence |= negated;
        Ok(Some(Self {
            languages: if listed.is_empty() {
                spoken_too(first)
            } else {
                listed
            },
            title: metadata.title.unwrap_or_else(|| id.clone()),
            cwes: reading.cwes(&metadata.cwe)?,
            severity,
            confidence,
            why: metadata.why.trim().to_owned(),
            advice: metadata.advice.or(note).map(|text| text.trim().to_owned()),
            bad: metadata.bad,
            good: metadata.good,
            mends: body.contains_key("fix"),
            words,
            flow,
            reach,
            of_file,
            of_file_reach,
            file: file.to_owned(),
            id,
            message: message.trim().to_owned(),
            body,
        }))
    }
}

/// What `flow` says: the name of a kind of place; or `into` with it and `from` with kinds of sources; or `without`
/// with the name of a check.
fn flows(reading: &Reading<'_>, value: &Value) -> Result<Flows, Error> {
    if let Some(check) = value.get("without") {
        let lack = check.as_str().and_then(|name| name.parse().ok());
        let names = || Lack::ALL.map(Lack::name).join(", ");
        return lack
            .map(Flows::Without)
            .ok_or_else(|| reading.wrong("flow.without", format!("must name one of {}", names())));
    }
    let name = value
        .as_str()
        .or_else(|| value.get("into").and_then(Value::as_str));
    let into = name.and_then(|name| name.parse().ok());
    let from = match value.get("from") {
        None => OUTSIDE.map(str::to_owned).to_vec(),
        Some(from) => serde_json::from_value(from.clone())
            .map_err(|error| reading.wrong("flow.from", error.to_string()))?,
    };
    if let Some(unknown) = from.iter().find(|name| !OUTSIDE.contains(&name.as_str())) {
        return Err(reading.wrong(
            "flow.from",
            format!("`{unknown}` is none of {}", OUTSIDE.join(", ")),
        ));
    }
    match into {
        Some(kind) => Ok(Flows::Into { kind, from }),
        None => {
            let names = SinkKind::ALL.map(SinkKind::name).join(", ");
            Err(reading.wrong("flow", format!("must name one of {names}")))
        }
    }
}

/// The kinds of places that values come from, as `from` names them.
const OUTSIDE: [&str; 6] = [
    "request",
    "argument",
    "environment",
    "input",
    "network",
    "file",
];

/// The languages a rule for `language` is for: those that contain it.
fn spoken_too(language: &'static Language) -> Vec<&'static Language> {
    let more: &[&str] = match language.name {
        "javascript" => &["typescript", "tsx"],
        "c" => &["cpp"],
        _ => &[],
    };
    let more = more.iter().filter_map(|name| languages::by_name(name));
    std::iter::once(language).chain(more).collect()
}

/// Where in a rule's mapping a condition stands.
#[derive(Clone, Copy, Default)]
struct Place {
    /// Under a `not`.
    negated: bool,
    /// Under a `has`: about a node within the one that matches.
    within: bool,
    /// About something that goes on for long, so that what is asked for may yet come: what stands around the node
    /// that matches, or a function that is itself what matches.
    open: bool,
}

impl Place {
    /// The place of a whole rule.
    fn of(rule: Option<&Value>) -> Self {
        let kind = rule
            .and_then(|rule| rule.get("kind"))
            .and_then(Value::as_str);
        let ends = ["definition", "declaration", "item", "arrow_function"];
        let names = ["function", "method", "class", "decorated", "constructor"];
        let is_definition = |kind: &str| {
            ends.iter().any(|end| kind.ends_with(end))
                && names.iter().any(|name| kind.contains(name))
        };
        Self {
            open: kind.is_some_and(is_definition),
            ..Self::default()
        }
    }
}

/// The furthest reach of any condition in a rule's mapping.
fn reach_of(fields: &Map<String, Value>, place: Place) -> Reach {
    let mut reach = Reach::default();
    for (field, value) in fields {
        let breadth = match field.as_str() {
            "inside" => match kinds_of(value) {
                Some(kinds) if !kinds.iter().any(|kind| FILES.contains(kind)) => {
                    reach.around.extend(kinds.into_iter().map(str::to_owned));
                    Breadth::Around
                }
                _ if is_below_file(value) => Breadth::Item,
                _ => Breadth::File,
            },
            "range" => Breadth::File,
            // Any distance away, in what may be the file itself.
            "precedes" | "follows" if value.get("stopBy").is_some() => Breadth::File,
            "precedes" | "follows" => Breadth::Item,
            "nthChild" if !place.within => Breadth::Item,
            _ => Breadth::Node,
        };
        let around = matches!(field.as_str(), "inside" | "precedes" | "follows");
        let place = Place {
            negated: place.negated || field == "not",
            within: place.within || field == "has",
            open: place.open || around,
        };
        reach.breadth = reach.breadth.max(breadth);
        reach.absence |= place.open && place.negated;
        let parts: &[Value] = match value {
            Value::Array(values) => values,
            value => std::slice::from_ref(value),
        };
        for inner in parts
            .iter()
            .filter_map(Value::as_object)
            .map(|fields| reach_of(fields, place))
        {
            reach.breadth = reach.breadth.max(inner.breadth);
            reach.around.extend(inner.around);
            reach.absence |= inner.absence;
        }
    }
    reach
}

/// The kinds of the nodes that a condition can match, where it says them.
fn kinds_of(condition: &Value) -> Option<Vec<&str>> {
    if let Some(kind) = condition.get("kind") {
        return Some(vec![kind.as_str()?]);
    }
    let any = condition.get("any")?.as_array()?;
    let kinds: Option<Vec<Vec<&str>>> = any.iter().map(kinds_of).collect();
    Some(kinds?.concat())
}

/// Whether a condition asks that something is not there.
fn has_negation(condition: &Value) -> bool {
    match condition {
        Value::Object(fields) => fields
            .iter()
            .any(|(field, value)| field == "not" || has_negation(value)),
        Value::Array(values) => values.iter().any(has_negation),
        _ => false,
    }
}

/// Kinds of nodes that are a whole file.
const FILES: [&str; 5] = [
    "module",
    "program",
    "translation_unit",
    "compilation_unit",
    "source_file",
];

/// Whether what a rule asks to stand around a node can only be less than the file: by its kind, or because it is
/// a piece of code.
fn is_below_file(outer: &Value) -> bool {
    let Some(fields) = outer.as_object() else {
        return false;
    };
    fields.iter().any(|(field, value)| match field.as_str() {
        "kind" => value.as_str().is_some_and(|kind| !FILES.contains(&kind)),
        "pattern" => true,
        "any" => value
            .as_array()
            .is_some_and(|rules| rules.iter().all(is_below_file)),
        "all" => value
            .as_array()
            .is_some_and(|rules| rules.iter().any(is_below_file)),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Option<Rule>, Error> {
        Rule::read("a.yml", text)
    }

    const PLAIN: &str =
        "id: a\nlanguage: Python\nmessage: m\nseverity: warning\nrule: {pattern: eval($X)}\n";

    #[test]
    fn a_plain_rule_of_ast_grep_is_a_rule() {
        let rule = read(PLAIN).expect("is read").expect("is on");
        assert_eq!((rule.id.as_str(), rule.severity), ("a", Severity::Medium));
        assert!(rule.cwes.is_empty());
        assert_eq!(rule.words, Some(vec!["eval".to_owned()]));
    }

    #[test]
    fn a_weakness_is_read_in_the_forms_that_rules_have() {
        for cwe in [
            "78",
            "CWE-78",
            "['CWE-78: OS Command Injection']",
            "'CWE-78: x'",
            "[78]",
        ] {
            let rule = read(&format!("{PLAIN}metadata: {{cwe: {cwe}}}\n"))
                .expect("is read")
                .expect("is on");
            assert_eq!(rule.cwes, [Cwe(78)], "{cwe}");
        }
    }

    #[test]
    fn what_is_wrong_is_named_by_field() {
        let field = |text: &str| match read(text) {
            Err(Error::Field { field, .. }) => field,
            other => format!("{other:?}"),
        };
        assert_eq!(
            field("language: Python\nmessage: m\nrule: {kind: call}"),
            "id"
        );
        assert_eq!(
            field("id: a\nlanguage: Klingon\nmessage: m\nrule: {kind: call}"),
            "language"
        );
        assert_eq!(field("id: a\nlanguage: Python\nmessage: m"), "rule");
        assert_eq!(
            field(&format!("{PLAIN}metadata: {{cwe: none}}")),
            "metadata.cwe"
        );
        assert_eq!(
            field(&format!("{PLAIN}metadata: {{severity: bad}}")),
            "metadata.severity"
        );
        assert!(matches!(read("- a"), Err(Error::Yaml { .. })));
        assert!(matches!(read("id: [a"), Err(Error::Yaml { .. })));
    }

    #[test]
    fn a_rule_about_a_missing_check_names_one_that_is_known() {
        let rule = |check: &str| {
            read(&format!(
                "id: a\nlanguage: C\nmessage: m\nflow: {{without: {check}}}\n"
            ))
        };
        let found = rule("copy-length").expect("is read").expect("is on");
        assert_eq!(found.flow, Some(Flows::Without(Lack::CopyLength)));
        for wrong in ["manners", "7", "[]"] {
            assert!(
                matches!(rule(wrong), Err(Error::Field { field, .. }) if field == "flow.without"),
                "{wrong}"
            );
        }
    }

    #[test]
    fn what_may_yet_come_is_known_by_a_negated_relation() {
        let reach = |rule: &str| {
            let text = format!("id: a\nlanguage: C\nmessage: m\nrule: {rule}\n");
            read(&text).expect("is read").expect("is on").reach
        };
        let of = |breadth, absence| Reach {
            breadth,
            absence,
            around: Vec::new(),
        };
        let in_branch = |absence| Reach {
            around: vec!["if_statement".to_owned()],
            ..of(Breadth::Around, absence)
        };
        assert_eq!(
            reach("{kind: call_expression, not: {has: {kind: identifier}}}"),
            of(Breadth::Node, false)
        );
        assert_eq!(
            reach("{kind: call_expression, has: {nthChild: 1}}"),
            of(Breadth::Node, false)
        );
        assert_eq!(
            reach("{kind: call_expression, inside: {kind: if_statement}}"),
            in_branch(false)
        );
        assert_eq!(
            reach("{kind: call_expression, inside: {regex: a}}"),
            of(Breadth::File, false)
        );
        assert_eq!(
            reach("{kind: call_expression, inside: {pattern: 'f($X)'}}"),
            of(Breadth::Item, false)
        );
        assert_eq!(
            reach("{kind: call_expression, not: {inside: {kind: if_statement}}}"),
            in_branch(true)
        );
        assert_eq!(
            reach("{kind: call_expression, inside: {kind: if_statement, not: {regex: a}}}"),
            in_branch(true)
        );
        assert_eq!(
            reach("{kind: function_definition, not: {has: {kind: if_statement}}}"),
            of(Breadth::Node, true)
        );
    }

    #[test]
    fn a_fact_about_the_file_is_apart_from_the_rule_and_its_words_count() {
        let with = |file: &str| {
            let text = format!(
                "id: a\nlanguage: Python\nmessage: m\nrule: {{kind: call}}\nfile: {file}\n"
            );
            read(&text).expect("is read").expect("is on")
        };
        let rule = with("{kind: import_statement, regex: pickle}");
        assert_eq!(rule.words, Some(vec!["pickle".to_owned()]));
        assert_eq!(
            rule.reach,
            Reach {
                breadth: Breadth::Node,
                ..Reach::default()
            }
        );
        assert!(rule.of_file.is_some() && !rule.body.contains_key("file"));
        let rule = with("{kind: module, not: {has: {kind: import_statement}}}");
        assert!(rule.reach.absence);
    }

    #[test]
    fn a_rule_that_is_off_is_none() {
        assert!(
            read("id: a\nlanguage: C\nmessage: m\nseverity: off\nrule: {kind: number_literal}")
                .expect("is read")
                .is_none()
        );
    }
}
