//! Does any chat template end, in bounded time and memory, with a prompt or an error that names its file?
//!
//! Input: the template.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use palinode_model::{Chat, ChatTemplate};
use serde_json::json;

/// Bytes that a prompt may have, whatever the template, for messages this short.
const LONGEST: usize = 32 << 20;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let file = Path::new("some/chat_template.jinja");
    let messages = [
        json!({"role": "system", "content": "Be brief. "}),
        json!({"role": "user", "content": "a </think> b\nc", "tool_calls": [{"name": "f", "arguments": {"x": 1}}]}),
        json!({"role": "assistant", "content": [{"type": "text", "text": "Yes"}]}),
    ];
    let tools = [
        json!({"type": "function", "function": {"name": "read", "parameters": {"a": [1, 2.5, null]}}}),
    ];
    let chat = Chat {
        messages: &messages,
        tools: &tools,
        language: Some("python"),
        ..Chat::default()
    };
    let rendered = ChatTemplate::new(text, "<s>", "</s>", file).and_then(|t| t.render_chat(&chat));
    match rendered {
        Ok(prompt) => assert!(prompt.len() <= LONGEST),
        Err(error) => assert!(
            error.to_string().contains("some/chat_template.jinja"),
            "{error}"
        ),
    }
});
