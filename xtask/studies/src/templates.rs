//! Are real models' chat templates rendered as transformers renders them? Templates and reference are made by
//! `xtask/golden/by_hand/templates.py`; none is in the repository, for they are other people's.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use palinode_model::{Chat, ChatTemplate, Date};
use serde::Deserialize;
use serde_json::Value;

use crate::arguments::Arguments;

/// The day on which the reference was told it is.
const DAY: Date = Date {
    year: 2024,
    month: 7,
    day: 5,
};

#[derive(Deserialize)]
struct Entry {
    template: String,
    conversation: String,
    messages: Vec<Value>,
    tools: Option<Vec<Value>>,
    /// Absent where the reference refuses.
    rendered: Option<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let folder = PathBuf::from(arguments.get("folder", String::new())?);
    let file = folder.join("rendered.json");
    let text = fs::read_to_string(&file)
        .with_context(|| format!("`--folder` needs a rendered.json; {}", file.display()))?;
    let entries: Vec<Entry> = serde_json::from_str(&text)?;
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut refused = 0;
    for entry in &entries {
        let Some(expected) = &entry.rendered else {
            refused += 1;
            continue;
        };
        let file = folder.join(format!("{}.jinja", entry.template));
        let template = fs::read_to_string(&file)?;
        let chat = Chat {
            messages: &entry.messages,
            tools: entry.tools.as_deref().unwrap_or_default(),
            language: None,
            date: DAY,
        };
        let found = ChatTemplate::new(&template, "<s>", "</s>", &file)
            .and_then(|template| template.render_chat(&chat));
        let count = counts.entry(&entry.template).or_default();
        count.1 += 1;
        match found {
            Ok(found) if found == *expected => count.0 += 1,
            Ok(found) => println!(
                "{} {}: differs from byte {}",
                entry.template,
                entry.conversation,
                found
                    .bytes()
                    .zip(expected.bytes())
                    .take_while(|(a, b)| a == b)
                    .count()
            ),
            Err(error) => println!("{} {}: {error}", entry.template, entry.conversation),
        }
    }
    let whole = counts.values().filter(|(same, all)| same == all).count();
    let same: usize = counts.values().map(|(same, _)| same).sum();
    let all: usize = counts.values().map(|(_, all)| all).sum();
    println!(
        "{whole} of {} templates agree in everything; {same} of {all} prompts; {refused} that the reference refuses \
         were left out",
        counts.len()
    );
    Ok(())
}
