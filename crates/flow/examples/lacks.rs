//! Which checks are missing in the files named?
#![expect(clippy::print_stdout, reason = "its answer is for standard output")]

use palinode_code::{Text, languages};
use palinode_flow::missing_checks;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for path in std::env::args().skip(1) {
        let bytes = std::fs::read(&path)?;
        let text = Text::from(bytes);
        let c = path.ends_with(".c") || path.ends_with(".h");
        let language = languages::by_name(if c { "c" } else { "cpp" }).ok_or("known")?;
        for lack in missing_checks(&language.parse_fragment(&text)) {
            let subject = String::from_utf8_lossy(text.slice(lack.subject)?).replace('\n', " ");
            let line = text.line(lack.span.start);
            println!(
                "{path}:{line}: {} {} {subject}",
                lack.kind, lack.certainty as u8
            );
        }
    }
    Ok(())
}
