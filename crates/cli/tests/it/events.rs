//! Do the lines of `--events` give the program?

use serde_json::Value;

/// The lines, and the program that applying them gives, sample by sample.
pub(crate) struct Replayed {
    pub(crate) lines: Vec<Value>,
    pub(crate) programs: Vec<String>,
}

impl Replayed {
    /// The types of the lines, in order.
    pub(crate) fn types(&self) -> Vec<&str> {
        self.lines
            .iter()
            .map(|line| line["type"].as_str().unwrap())
            .collect()
    }
}

/// Does what a reader would do: applies `text` and `revision` to an empty text, in order, and checks that each
/// fits and that `end` agrees.
pub(crate) fn replay(lines: &str) -> Replayed {
    let lines: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).expect("every line is an object"))
        .collect();
    let mut programs = Vec::new();
    let mut buffer = String::new();
    for line in &lines {
        assert_eq!(line["schema"], 1, "{line}");
        match line["type"].as_str().unwrap() {
            "start" => {
                buffer.clear();
                assert_eq!(line["sample"], programs.len() + 1, "{line}");
            }
            "text" => buffer += line["text"].as_str().unwrap(),
            "revision" => {
                let at = |end: &str| line["span"][end].as_u64().unwrap() as usize;
                let span = at("start")..at("end");
                assert_eq!(
                    &buffer[span.clone()],
                    line["old"].as_str().unwrap(),
                    "{line}"
                );
                buffer.replace_range(span, line["new"].as_str().unwrap());
            }
            "end" => {
                assert_eq!(line["program"].as_str().unwrap(), buffer);
                programs.push(buffer.clone());
            }
            _ => {}
        }
    }
    Replayed { lines, programs }
}
