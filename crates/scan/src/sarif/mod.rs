//! What does a report in SARIF 2.1.0 say, whoever wrote it?
//!
//! Source: OASIS, Static Analysis Results Interchange Format, version 2.1.0. Read are results with their rules,
//! places, weaknesses, suppressions, fixes and the longest code flow, and what the tool says about its own work. What
//! refers to files outside the report ("external properties") is not followed; a report that does counts as unreadable.

mod form;
mod meaning;

use palinode_code::Cwe;

use crate::heard::{Files, Heard, Said, shortened};
use crate::place::{Columns, Place};
use form::{FlowLocation, Found, Location, Log, Run};
use meaning::{
    confidence_of, id_of, place_of, rule_of, severity_of, text_of, uri_of, uri_of_artifact,
    weaknesses,
};

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

/// What a result is about.
enum About {
    /// Files that were asked about, or nothing that is wrong.
    Files,
    /// A file that is not scanned.
    Strangers,
    /// No place at all: what it says.
    NoPlace(String),
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
        let mut placeless = Vec::new();
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
                match self.result(run, found, &mut heard)? {
                    About::Files => {}
                    About::Strangers => strangers += 1,
                    About::NoPlace(told) => placeless.push(told),
                }
            }
        }
        // What names no place cannot become a finding; alone it would be lost, and the run be clean.
        if let Some(first) = placeless.first().filter(|_| heard.said.is_empty()) {
            return Err(format!(
                "{} of its results name no place, and no other is a finding; the first: {first}",
                placeless.len()
            ));
        }
        heard.notes.append(&mut placeless);
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

    /// Takes in one result.
    fn result(&self, run: &Run, found: &Found, heard: &mut Heard) -> Result<About, String> {
        if matches!(
            found.kind.as_deref(),
            Some("pass" | "notApplicable" | "informational")
        ) {
            return Ok(About::Files);
        }
        let rule = rule_of(run, found);
        let id = id_of(found, rule);
        let suppressed = || {
            let mut suppressions = found.suppressions.iter().flatten();
            suppressions.find(|one| one.is_in_force())
        };
        let Some(location) = found.locations.first() else {
            let is_judged_out = self.judge.is_some_and(|judge| {
                let named = weaknesses(found, rule);
                judge(&id, named.first().map(|cwe| cwe.0)).is_none()
            });
            return Ok(match is_judged_out || suppressed().is_some() {
                true => About::Files,
                false => About::NoPlace(format!("{id}: {}", shortened(&text_of(found, rule)))),
            });
        };
        let Some(file) = self.file(run, location) else {
            return match self.is_foreign {
                true => Ok(About::Strangers),
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
        if let Some(suppression) = suppressed() {
            let why = suppression.justification.as_deref().unwrap_or("suppressed");
            heard.skipped.push((file, Some(place.line), shortened(why)));
            return Ok(About::Files);
        }
        let named = weaknesses(found, rule);
        let cwes = match self.judge {
            Some(judge) => match judge(&id, named.first().map(|cwe| cwe.0)) {
                Some(cwes) => cwes,
                None => return Ok(About::Files),
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
        Ok(About::Files)
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
