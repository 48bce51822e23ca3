//! What does a report in SARIF 2.1.0 say, whoever wrote it?
//!
//! Source: OASIS, Static Analysis Results Interchange Format, version 2.1.0. Read are results with their rules,
//! places, weaknesses, suppressions, fixes and the longest code flow, and what the tool says about its own work. What
//! refers to files outside the report ("external properties") is not followed; a report that does counts as unreadable.

use palinode_code::{Confidence, Cwe, Severity};
use serde::Deserialize;
use serde_json::Value;

use crate::heard::{Files, Heard, Said, shortened};
use crate::place::{Columns, Place};

/// Which weaknesses a rule stands for, given its id and the number that the report names; `None` for a rule whose
/// results are left out.
pub(crate) type Judge = fn(&str, Option<u16>) -> Option<Vec<Cwe>>;

/// Reads the report of a tool that was asked about these files and no others.
///
/// # Errors
/// What is wrong with the report, or that it says that the tool failed.
pub(crate) fn read(
    report: &[u8],
    files: &Files<'_>,
    judge: Option<Judge>,
) -> Result<Heard, String> {
    Reader {
        files,
        judge,
        is_foreign: false,
    }
    .read(report)
}

/// Reads a report that the user handed in. What it says about files that are not scanned is counted in a note; where
/// it says nothing about any that is, it cannot be used.
///
/// # Errors
/// What is wrong with the report.
pub fn read_any(report: &[u8], files: &Files<'_>) -> Result<Heard, String> {
    Reader {
        files,
        judge: None,
        is_foreign: true,
    }
    .read(report)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Log {
    version: String,
    runs: Vec<Run>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: Tool,
    /// Absent where the tool did not get as far as results.
    results: Option<Vec<Found>>,
    #[serde(default)]
    artifacts: Vec<Artifact>,
    #[serde(default)]
    invocations: Vec<Invocation>,
    #[serde(default)]
    column_kind: Option<String>,
    #[serde(default)]
    external_property_file_references: Option<Value>,
}

#[derive(Deserialize)]
struct Tool {
    driver: Component,
    #[serde(default)]
    extensions: Vec<Component>,
}

#[derive(Deserialize)]
struct Component {
    #[serde(default)]
    name: String,
    #[serde(default)]
    rules: Vec<Rule>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Rule {
    #[serde(default)]
    id: String,
    #[serde(default)]
    short_description: Option<Message>,
    #[serde(default)]
    full_description: Option<Message>,
    #[serde(default)]
    message_strings: std::collections::BTreeMap<String, Message>,
    #[serde(default)]
    default_configuration: Configuration,
    #[serde(default)]
    properties: Value,
    #[serde(default)]
    relationships: Vec<Relationship>,
}

#[derive(Deserialize, Default)]
struct Configuration {
    #[serde(default)]
    level: Option<String>,
}

#[derive(Deserialize)]
struct Relationship {
    target: Reference,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Reference {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    index: Option<i64>,
    #[serde(default)]
    tool_component: Option<Box<Reference>>,
    #[serde(default)]
    name: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Found {
    #[serde(default)]
    rule_id: Option<String>,
    #[serde(default)]
    rule_index: Option<i64>,
    #[serde(default)]
    rule: Option<Reference>,
    #[serde(default)]
    kind: Option<String>,
    #[serde(default)]
    level: Option<String>,
    #[serde(default)]
    message: Message,
    #[serde(default)]
    locations: Vec<Location>,
    #[serde(default)]
    code_flows: Vec<CodeFlow>,
    #[serde(default)]
    fixes: Vec<Fix>,
    #[serde(default)]
    suppressions: Option<Vec<Suppression>>,
    #[serde(default)]
    taxa: Vec<Reference>,
    #[serde(default)]
    properties: Value,
}

#[derive(Deserialize, Default)]
struct Message {
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    arguments: Vec<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Location {
    #[serde(default)]
    physical_location: Option<Physical>,
    #[serde(default)]
    message: Option<Message>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Physical {
    #[serde(default)]
    artifact_location: Option<Artifact>,
    #[serde(default)]
    region: Option<Region>,
}

/// An artifact, or where one lies.
#[derive(Deserialize, Default)]
struct Artifact {
    #[serde(default)]
    uri: Option<String>,
    #[serde(default)]
    index: Option<i64>,
    #[serde(default)]
    location: Option<Box<Artifact>>,
}

#[derive(Deserialize, Default, Clone, Copy)]
#[serde(rename_all = "camelCase")]
struct Region {
    #[serde(default)]
    start_line: Option<usize>,
    #[serde(default)]
    start_column: Option<usize>,
    #[serde(default)]
    end_line: Option<usize>,
    #[serde(default)]
    end_column: Option<usize>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CodeFlow {
    #[serde(default)]
    thread_flows: Vec<ThreadFlow>,
}

#[derive(Deserialize)]
struct ThreadFlow {
    #[serde(default)]
    locations: Vec<FlowLocation>,
}

#[derive(Deserialize)]
struct FlowLocation {
    #[serde(default)]
    location: Location,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fix {
    #[serde(default)]
    artifact_changes: Vec<Change>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Change {
    #[serde(default)]
    artifact_location: Artifact,
    #[serde(default)]
    replacements: Vec<Replacement>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Replacement {
    deleted_region: Region,
    #[serde(default)]
    inserted_content: Message,
}

#[derive(Deserialize)]
struct Suppression {
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    justification: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
    #[serde(default)]
    exit_code_description: Option<String>,
    #[serde(default)]
    tool_execution_notifications: Vec<Notification>,
    #[serde(default)]
    tool_configuration_notifications: Vec<Notification>,
}

#[derive(Deserialize)]
struct Notification {
    #[serde(default)]
    level: Option<String>,
    #[serde(default)]
    message: Message,
    #[serde(default)]
    locations: Vec<Location>,
}

struct Reader<'f> {
    files: &'f Files<'f>,
    judge: Option<Judge>,
    /// Whether it may speak of files that were not asked about.
    is_foreign: bool,
}

impl Reader<'_> {
    fn read(&self, report: &[u8]) -> Result<Heard, String> {
        let log: Log = crate::analyzers::json(report)?;
        if !log.version.starts_with("2.1") {
            return Err(format!(
                "its report is SARIF {}, and 2.1 is read",
                shortened(&log.version)
            ));
        }
        if log.runs.is_empty() {
            return Err("its report has no run".to_owned());
        }
        let mut heard = Heard::default();
        let mut strangers = 0;
        for run in &log.runs {
            if run.external_property_file_references.is_some() {
                return Err("its report is spread over several files".to_owned());
            }
            self.invocations(run, &mut heard)?;
            let results = run
                .results
                .as_ref()
                .ok_or("its report has no results, not even none")?;
            for found in results {
                strangers += usize::from(!self.result(run, found, &mut heard)?);
            }
        }
        if strangers > 0 {
            if heard.said.is_empty() && heard.skipped.is_empty() {
                return Err(format!(
                    "all of its {strangers} results are about files that are not scanned"
                ));
            }
            heard.notes.push(format!(
                "{strangers} results are about files that are not scanned"
            ));
        }
        Ok(heard)
    }

    fn invocations(&self, run: &Run, heard: &mut Heard) -> Result<(), String> {
        for invocation in &run.invocations {
            let notifications = invocation.tool_execution_notifications.iter();
            for notification in notifications.chain(&invocation.tool_configuration_notifications) {
                let text = shortened(notification.message.text.as_deref().unwrap_or_default());
                let named = notification
                    .locations
                    .first()
                    .and_then(|location| uri_of(run, location));
                let file = match &named {
                    Some(name) if !self.is_foreign => Some(self.files.expect(name)?),
                    Some(name) => self.files.find(name),
                    None => None,
                };
                // What failed about a file that is not scanned does not matter to those that are.
                if self.is_foreign && named.is_some() && file.is_none() {
                    continue;
                }
                match (notification.level.as_deref(), file) {
                    (Some("error"), Some(file)) => heard.failed.push((file, text)),
                    (Some("error"), None) => return Err(format!("it says that it failed: {text}")),
                    (Some("none" | "note"), _) => {}
                    _ => heard.notes.push(text),
                }
            }
            if !invocation.execution_successful {
                let why = invocation
                    .exit_code_description
                    .as_deref()
                    .unwrap_or("no reason given");
                return Err(format!("it says that it failed: {}", shortened(why)));
            }
        }
        Ok(())
    }

    /// Takes in one result. Whether it is about a file that was asked about.
    fn result(&self, run: &Run, found: &Found, heard: &mut Heard) -> Result<bool, String> {
        if matches!(
            found.kind.as_deref(),
            Some("pass" | "notApplicable" | "informational")
        ) {
            return Ok(true);
        }
        let rule = rule_of(run, found);
        let id = id_of(found, rule);
        let Some(location) = found.locations.first() else {
            heard.notes.push(format!("{id}: {}", text_of(found, rule)));
            return Ok(true);
        };
        let Some(file) = self.file(run, location) else {
            return match self.is_foreign {
                true => Ok(false),
                false => Err(format!(
                    "its report is about `{}`, which it was not asked about",
                    shortened(&uri_of(run, location).unwrap_or_default())
                )),
            };
        };
        let columns = match run.column_kind.as_deref() {
            Some("unicodeCodePoints") => Columns::Characters,
            _ => Columns::Utf16,
        };
        let region = location.physical_location.as_ref().and_then(|at| at.region);
        let place = place_of(region.unwrap_or_default(), columns);
        if let Some(suppression) = found
            .suppressions
            .iter()
            .flatten()
            .find(|one| one.is_in_force())
        {
            let why = suppression.justification.as_deref().unwrap_or("suppressed");
            heard.skipped.push((file, Some(place.line), shortened(why)));
            return Ok(true);
        }
        let named = weaknesses(found, rule);
        let cwes = match self.judge {
            Some(judge) => match judge(&id, named.first().map(|cwe| cwe.0)) {
                Some(cwes) => cwes,
                None => return Ok(true),
            },
            None => named,
        };
        let rule_name = match self.is_foreign {
            true => format!("{}/{id}", run.tool.driver.name),
            false => id,
        };
        heard.said.push(Said {
            file,
            place,
            rule: rule_name,
            cwes,
            severity: severity_of(found, rule)?,
            confidence: confidence_of(rule),
            message: text_of(found, rule),
            advice: None,
            fix: self.fix(run, found, file, columns),
            trace: self.trace(run, found, file, columns),
        });
        Ok(true)
    }

    fn file(&self, run: &Run, location: &Location) -> Option<usize> {
        self.files.find(&uri_of(run, location)?)
    }

    fn fix(&self, run: &Run, found: &Found, file: usize, columns: Columns) -> Vec<(Place, String)> {
        let Some(fix) = found.fixes.first() else {
            return Vec::new();
        };
        let mut edits = Vec::new();
        for change in &fix.artifact_changes {
            let uri = uri_of_artifact(run, &change.artifact_location);
            if uri.and_then(|uri| self.files.find(&uri)) != Some(file) {
                return Vec::new();
            }
            for replacement in &change.replacements {
                let new = replacement
                    .inserted_content
                    .text
                    .clone()
                    .unwrap_or_default();
                edits.push((place_of(replacement.deleted_region, columns), new));
            }
        }
        edits
    }

    /// The longest code flow, as far as it runs through the file.
    fn trace(
        &self,
        run: &Run,
        found: &Found,
        file: usize,
        columns: Columns,
    ) -> Vec<(Place, String)> {
        let flows = found.code_flows.iter().flat_map(|flow| &flow.thread_flows);
        let longest = flows.max_by_key(|flow| flow.locations.len());
        let steps = longest.map_or(&[][..], |flow| &flow.locations);
        let step = |step: &FlowLocation| {
            let location = &step.location;
            let region = location.physical_location.as_ref()?.region?;
            let note = location
                .message
                .as_ref()
                .and_then(|message| message.text.clone());
            (self.file(run, location)? == file)
                .then(|| (place_of(region, columns), note.unwrap_or_default()))
        };
        steps.iter().filter_map(step).collect()
    }
}

impl Suppression {
    /// One that was asked for and not granted is none.
    fn is_in_force(&self) -> bool {
        matches!(self.status.as_deref(), None | Some("accepted"))
    }
}

fn at<T>(items: &[T], index: Option<i64>) -> Option<&T> {
    items.get(usize::try_from(index?).ok()?)
}

fn rule_of<'r>(run: &'r Run, found: &Found) -> Option<&'r Rule> {
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

fn id_of(found: &Found, rule: Option<&Rule>) -> String {
    let reference = found.rule.as_ref().and_then(|rule| rule.id.as_deref());
    let id = found
        .rule_id
        .as_deref()
        .or(reference)
        .or(rule.map(|rule| rule.id.as_str()));
    id.unwrap_or("unnamed").to_owned()
}

fn uri_of(run: &Run, location: &Location) -> Option<String> {
    uri_of_artifact(
        run,
        location
            .physical_location
            .as_ref()?
            .artifact_location
            .as_ref()?,
    )
}

fn uri_of_artifact(run: &Run, artifact: &Artifact) -> Option<String> {
    let listed = || {
        at(&run.artifacts, artifact.index)?
            .location
            .as_ref()?
            .uri
            .clone()
    };
    artifact.uri.clone().or_else(listed)
}

fn place_of(region: Region, columns: Columns) -> Place {
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
fn text_of(found: &Found, rule: Option<&Rule>) -> String {
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
    let mut text = text.unwrap_or_else(|| id_of(found, rule));
    for (number, argument) in found.message.arguments.iter().enumerate() {
        text = text.replace(&format!("{{{number}}}"), argument);
    }
    text.trim().to_owned()
}

fn weaknesses(found: &Found, rule: Option<&Rule>) -> Vec<Cwe> {
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

fn severity_of(found: &Found, rule: Option<&Rule>) -> Result<Severity, String> {
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

fn confidence_of(rule: Option<&Rule>) -> Option<Confidence> {
    match rule?.properties.get("precision")?.as_str()? {
        "very-high" | "high" => Some(Confidence::High),
        "medium" => Some(Confidence::Medium),
        "low" => Some(Confidence::Low),
        _ => None,
    }
}
