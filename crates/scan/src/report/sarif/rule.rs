//! Which rules do the results of a SARIF log name, and what does GitHub show of each?

use palinode_code::{Confidence, Cwe, Finding, Severity};
use serde_json::{Value, json};

use crate::merge::Merged;

/// What GitHub calls a rule: here a weakness, or where none is known an analyzer's rule.
pub(super) struct Rule {
    pub(super) id: String,
    cwe: Option<Cwe>,
    severity: Severity,
    confidence: Option<Confidence>,
    advice: Option<String>,
    message: String,
}

/// A rule for each id that the findings have, by id.
pub(super) fn rules(findings: &[(usize, &Merged)]) -> Vec<Rule> {
    let mut rules: Vec<Rule> = Vec::new();
    for (_, merged) in findings {
        let finding = &merged.finding;
        let id = rule_id(finding);
        match rules.binary_search_by(|rule| rule.id.cmp(&id)) {
            Ok(at) => {
                let rule = &mut rules[at];
                rule.severity = rule.severity.max(finding.severity);
                rule.confidence = rule.confidence.min(finding.confidence);
                if rule.advice.is_none() {
                    rule.advice.clone_from(&finding.advice);
                }
            }
            Err(at) => rules.insert(
                at,
                Rule {
                    id,
                    cwe: finding.cwes.first().copied(),
                    severity: finding.severity,
                    confidence: finding.confidence,
                    advice: finding.advice.clone(),
                    message: finding.message.clone(),
                },
            ),
        }
    }
    rules
}

pub(super) fn rule_id(finding: &Finding) -> String {
    match finding.cwes.first() {
        Some(cwe) => cwe.to_string(),
        None => format!("{}/{}", finding.analyzer, finding.rule),
    }
}

impl Rule {
    pub(super) fn write(&self) -> Value {
        let name = self.cwe.and_then(Cwe::name);
        let short = name.map_or_else(|| cut(&self.message), str::to_owned);
        let full = match name {
            Some(name) => format!("{}: {name}.", self.id),
            None => cut(&self.message),
        };
        let link = self
            .cwe
            .map(|cwe| format!("https://cwe.mitre.org/data/definitions/{}.html", cwe.0));
        let advice = self.advice.as_deref().map(cut).unwrap_or_default();
        let more = link
            .as_ref()
            .map(|link| format!("See {link}"))
            .unwrap_or_default();
        let help = [full.as_str(), &advice, &more]
            .into_iter()
            .filter(|part| !part.is_empty());
        let help: Vec<&str> = help.collect();
        let mut tags = vec!["security".to_owned()];
        tags.extend(self.cwe.map(|cwe| format!("external/cwe/cwe-{:03}", cwe.0)));
        let mut rule = json!({
            "id": self.id,
            "shortDescription": {"text": short},
            "fullDescription": {"text": full},
            "help": {"text": help.join(" ")},
            "defaultConfiguration": {"level": level(self.severity)},
            "properties": {
                "tags": tags,
                "precision": match self.confidence {
                    Some(Confidence::High) => "high",
                    Some(Confidence::Medium) => "medium",
                    Some(Confidence::Low) | None => "low",
                },
            },
        });
        if let Some(link) = link {
            rule["helpUri"] = json!(link);
        }
        // What is worth knowing and no weakness has no score: GitHub asks for one above 0.
        if self.severity > Severity::Info {
            rule["properties"]["security-severity"] =
                json!(format!("{:.1}", self.severity.score()));
        }
        rule
    }
}

pub(super) fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

/// A text that fits where GitHub shows it.
pub(super) fn cut(text: &str) -> String {
    const MOST: usize = 1_000;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
