//! What does a result in SARIF mean, with what its rule says?

use palinode_code::{Confidence, Cwe, Severity};
use serde_json::Value;

use super::form::{Artifact, Found, Location, Region, Rule, Run};
use crate::heard::shortened;
use crate::place::{Columns, Place};

pub(super) fn at<T>(items: &[T], index: Option<i64>) -> Option<&T> {
    items.get(usize::try_from(index?).ok()?)
}

pub(super) fn rule_of<'r>(run: &'r Run, found: &Found) -> Option<&'r Rule> {
    let reference = found.rule.as_ref();
    let extension = reference.and_then(|rule| rule.tool_component.as_ref());
    let component = match extension.and_then(|component| component.index) {
        Some(index) => at(&run.tool.extensions, Some(index))?,
        None => &run.tool.driver,
    };
    let index = found
        .rule_index
        .or_else(|| reference.and_then(|rule| rule.index));
    let id = found
        .rule_id
        .as_deref()
        .or_else(|| reference.and_then(|rule| rule.id.as_deref()));
    let by_index = at(&component.rules, index.filter(|index| *index >= 0));
    by_index.or_else(|| {
        let all = std::iter::once(&run.tool.driver).chain(&run.tool.extensions);
        all.flat_map(|component| &component.rules)
            .find(|rule| Some(rule.id.as_str()) == id)
    })
}

pub(super) fn id_of(found: &Found, rule: Option<&Rule>) -> String {
    let reference = found.rule.as_ref().and_then(|rule| rule.id.as_deref());
    let id = found
        .rule_id
        .as_deref()
        .or(reference)
        .or(rule.map(|rule| rule.id.as_str()));
    id.unwrap_or("unnamed").to_owned()
}

pub(super) fn uri_of(run: &Run, location: &Location) -> Option<String> {
    uri_of_artifact(
        run,
        location
            .physical_location
            .as_ref()?
            .artifact_location
            .as_ref()?,
    )
}

pub(super) fn uri_of_artifact(run: &Run, artifact: &Artifact) -> Option<String> {
    let listed = || {
        at(&run.artifacts, artifact.index)?
            .location
            .as_ref()?
            .uri
            .clone()
    };
    artifact.uri.clone().or_else(listed)
}

pub(super) fn place_of(region: Region, columns: Columns) -> Place {
    Place {
        // Without a region the whole file is meant: its first line stands for it.
        line: region.start_line.unwrap_or(1),
        // Where only the end is given, the start is the line's.
        column: region.start_column.or(region.end_column.map(|_| 1)),
        end_line: region.end_line,
        end_column: region.end_column,
        columns,
    }
}

/// The text of a result, with its arguments filled in.
pub(super) fn text_of(found: &Found, rule: Option<&Rule>) -> String {
    let by_id = || {
        let id = found.message.id.as_ref()?;
        rule?.message_strings.get(id)?.text.clone()
    };
    let described = || {
        let rule = rule?;
        let message = rule
            .short_description
            .as_ref()
            .or(rule.full_description.as_ref())?;
        message.text.clone()
    };
    let text = found.message.text.clone().or_else(by_id).or_else(described);
    let text = text.unwrap_or_else(|| id_of(found, rule));
    filled(&text, &found.message.arguments).trim().to_owned()
}

/// A text with arguments in place of `{0}`, `{1}` and so on. What an argument says is not looked into again: arguments
/// that name each other would grow without end.
fn filled(text: &str, arguments: &[String]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let argument = after.split_once('}').and_then(|(number, after)| {
            let number: usize = number.parse().ok()?;
            Some((arguments.get(number)?, after))
        });
        match argument {
            Some((argument, after)) => {
                out.push_str(argument);
                rest = after;
            }
            None => {
                out.push('{');
                rest = after;
            }
        }
    }
    out + rest
}

pub(super) fn weaknesses(found: &Found, rule: Option<&Rule>) -> Vec<Cwe> {
    let mut cwes: Vec<Cwe> = Vec::new();
    let mut add = |text: &str| {
        // A bare number is a weakness only where a list of weaknesses is meant.
        if let Some(cwe) = Cwe::read(text).filter(|cwe| !cwes.contains(cwe)) {
            cwes.push(cwe);
        }
    };
    let rule_properties = rule.map(|rule| &rule.properties);
    for properties in std::iter::once(&found.properties).chain(rule_properties) {
        for field in ["cwe", "tags"] {
            let values = match properties.get(field) {
                Some(Value::Array(values)) => values.as_slice(),
                Some(value) => std::slice::from_ref(value),
                None => &[],
            };
            let texts = values.iter().filter_map(Value::as_str);
            texts
                .filter(|text| text.to_ascii_lowercase().contains("cwe"))
                .for_each(&mut add);
        }
    }
    let related = rule.map_or(&[][..], |rule| &rule.relationships);
    let targets = related.iter().map(|relationship| &relationship.target);
    for taxon in found.taxa.iter().chain(targets) {
        let component = taxon
            .tool_component
            .as_ref()
            .and_then(|component| component.name.as_deref());
        let is_cwe = component.is_some_and(|name| name.eq_ignore_ascii_case("cwe"));
        if let Some(id) = taxon
            .id
            .as_deref()
            .filter(|id| is_cwe || id.to_ascii_lowercase().contains("cwe"))
        {
            add(id);
        }
    }
    cwes
}

pub(super) fn severity_of(found: &Found, rule: Option<&Rule>) -> Result<Severity, String> {
    let score = rule.and_then(|rule| match rule.properties.get("security-severity")? {
        Value::String(text) => text.parse::<f32>().ok(),
        Value::Number(number) => number.as_f64().map(|number| number as f32),
        _ => None,
    });
    if let Some(score) = score {
        return Ok(Severity::of_score(score));
    }
    let level = found.level.as_deref();
    let level = level.or_else(|| rule?.default_configuration.level.as_deref());
    match level.unwrap_or("warning") {
        "error" => Ok(Severity::High),
        "warning" => Ok(Severity::Medium),
        "note" => Ok(Severity::Low),
        "none" => Ok(Severity::Info),
        other => Err(format!("its report has a level `{}`", shortened(other))),
    }
}

pub(super) fn confidence_of(rule: Option<&Rule>) -> Option<Confidence> {
    match rule?.properties.get("precision")?.as_str()? {
        "very-high" | "high" => Some(Confidence::High),
        "medium" => Some(Confidence::Medium),
        "low" => Some(Confidence::Low),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::filled;

    #[test]
    fn arguments_are_filled_in_once() {
        let arguments = ["{1}{1}".to_owned(), "b".to_owned()];
        assert_eq!(
            filled("a {0} {1} {2} {x {", &arguments),
            "a {1}{1} b {2} {x {"
        );
    }
}
