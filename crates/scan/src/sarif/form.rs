//! Which parts of a SARIF log are read?

use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Log {
    pub(super) version: String,
    pub(super) runs: Vec<Run>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Run {
    pub(super) tool: Tool,
    /// Absent where the tool did not get as far as results.
    pub(super) results: Option<Vec<Found>>,
    #[serde(default)]
    pub(super) artifacts: Vec<Artifact>,
    #[serde(default)]
    pub(super) invocations: Vec<Invocation>,
    #[serde(default)]
    pub(super) column_kind: Option<String>,
    #[serde(default)]
    pub(super) external_property_file_references: Option<Value>,
}

#[derive(Deserialize)]
pub(super) struct Tool {
    pub(super) driver: Component,
    #[serde(default)]
    pub(super) extensions: Vec<Component>,
}

#[derive(Deserialize)]
pub(super) struct Component {
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) rules: Vec<Rule>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub(super) struct Rule {
    #[serde(default)]
    pub(super) id: String,
    #[serde(default)]
    pub(super) short_description: Option<Message>,
    #[serde(default)]
    pub(super) full_description: Option<Message>,
    #[serde(default)]
    pub(super) message_strings: std::collections::BTreeMap<String, Message>,
    #[serde(default)]
    pub(super) default_configuration: Configuration,
    #[serde(default)]
    pub(super) properties: Value,
    #[serde(default)]
    pub(super) relationships: Vec<Relationship>,
}

#[derive(Deserialize, Default)]
pub(super) struct Configuration {
    #[serde(default)]
    pub(super) level: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Relationship {
    pub(super) target: Reference,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub(super) struct Reference {
    #[serde(default)]
    pub(super) id: Option<String>,
    #[serde(default)]
    pub(super) index: Option<i64>,
    #[serde(default)]
    pub(super) tool_component: Option<Box<Reference>>,
    #[serde(default)]
    pub(super) name: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub(super) struct Found {
    #[serde(default)]
    pub(super) rule_id: Option<String>,
    #[serde(default)]
    pub(super) rule_index: Option<i64>,
    #[serde(default)]
    pub(super) rule: Option<Reference>,
    #[serde(default)]
    pub(super) kind: Option<String>,
    #[serde(default)]
    pub(super) level: Option<String>,
    #[serde(default)]
    pub(super) message: Message,
    #[serde(default)]
    pub(super) locations: Vec<Location>,
    #[serde(default)]
    pub(super) code_flows: Vec<CodeFlow>,
    #[serde(default)]
    pub(super) fixes: Vec<Fix>,
    #[serde(default)]
    pub(super) suppressions: Option<Vec<Suppression>>,
    #[serde(default)]
    pub(super) taxa: Vec<Reference>,
    #[serde(default)]
    pub(super) properties: Value,
}

#[derive(Deserialize, Default)]
pub(super) struct Message {
    #[serde(default)]
    pub(super) text: Option<String>,
    #[serde(default)]
    pub(super) id: Option<String>,
    #[serde(default)]
    pub(super) arguments: Vec<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub(super) struct Location {
    #[serde(default)]
    pub(super) physical_location: Option<Physical>,
    #[serde(default)]
    pub(super) message: Option<Message>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub(super) struct Physical {
    #[serde(default)]
    pub(super) artifact_location: Option<Artifact>,
    #[serde(default)]
    pub(super) region: Option<Region>,
}

/// An artifact, or where one lies.
#[derive(Deserialize, Default)]
pub(super) struct Artifact {
    #[serde(default)]
    pub(super) uri: Option<String>,
    #[serde(default)]
    pub(super) index: Option<i64>,
    #[serde(default)]
    pub(super) location: Option<Box<Artifact>>,
}

#[derive(Deserialize, Default, Clone, Copy)]
#[serde(rename_all = "camelCase")]
pub(super) struct Region {
    #[serde(default)]
    pub(super) start_line: Option<usize>,
    #[serde(default)]
    pub(super) start_column: Option<usize>,
    #[serde(default)]
    pub(super) end_line: Option<usize>,
    #[serde(default)]
    pub(super) end_column: Option<usize>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CodeFlow {
    #[serde(default)]
    pub(super) thread_flows: Vec<ThreadFlow>,
}

#[derive(Deserialize)]
pub(super) struct ThreadFlow {
    #[serde(default)]
    pub(super) locations: Vec<FlowLocation>,
}

#[derive(Deserialize)]
pub(super) struct FlowLocation {
    #[serde(default)]
    pub(super) location: Location,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Fix {
    #[serde(default)]
    pub(super) artifact_changes: Vec<Change>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Change {
    #[serde(default)]
    pub(super) artifact_location: Artifact,
    #[serde(default)]
    pub(super) replacements: Vec<Replacement>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Replacement {
    pub(super) deleted_region: Region,
    #[serde(default)]
    pub(super) inserted_content: Message,
}

#[derive(Deserialize)]
pub(super) struct Suppression {
    #[serde(default)]
    pub(super) status: Option<String>,
    #[serde(default)]
    pub(super) justification: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Invocation {
    pub(super) execution_successful: bool,
    #[serde(default)]
    pub(super) exit_code_description: Option<String>,
    #[serde(default)]
    pub(super) tool_execution_notifications: Vec<Notification>,
    #[serde(default)]
    pub(super) tool_configuration_notifications: Vec<Notification>,
}

#[derive(Deserialize)]
pub(super) struct Notification {
    #[serde(default)]
    pub(super) level: Option<String>,
    #[serde(default)]
    pub(super) message: Message,
    #[serde(default)]
    pub(super) locations: Vec<Location>,
}

impl Suppression {
    /// One that was asked for and not granted is none.
    pub(super) fn is_in_force(&self) -> bool {
        matches!(self.status.as_deref(), None | Some("accepted"))
    }
}
