//! Which programs does the curriculum write? Writes them to files, for compilers to read.

use std::path::PathBuf;

use palinode_curriculum::{Curriculum, Options, Split};

#[expect(clippy::print_stdout, reason = "an example answers on stdout")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (mut seed, mut count, mut out) = (7_u64, 8_u64, None);
    let mut split = Split::Training;
    while let Some(flag) = arguments.next() {
        let value = arguments.next().ok_or("each flag takes a value")?;
        match flag.as_str() {
            "--seed" => seed = value.parse()?,
            "--count" => count = value.parse()?,
            "--out" => out = Some(PathBuf::from(value)),
            "--split" if value == "held-out" => split = Split::HeldOut,
            "--split" if value == "training" => {}
            _ => {
                return Err(format!(
                    "unknown flag {flag}: use --seed N, --count N, --out DIR, \
                     --split training|held-out"
                )
                .into());
            }
        }
    }
    let curriculum = Curriculum::new(Options {
        seed,
        split,
        unseen_wording: 0.25,
        risky: 0.7,
    });
    for index in 0..count {
        let task = curriculum.task(index);
        let extension = task.language.extension();
        let Some(folder) = &out else {
            println!(
                "--- {index} {}\n{}\n\n{}",
                task.language.title(),
                task.specification,
                task.draft
            );
            if task.is_risky() {
                println!("--- fixed\n{}", task.fixed);
            }
            continue;
        };
        std::fs::create_dir_all(folder)?;
        std::fs::write(
            folder.join(format!("fixed_{index}.{extension}")),
            &task.fixed,
        )?;
        std::fs::write(
            folder.join(format!("draft_{index}.{extension}")),
            &task.draft,
        )?;
    }
    Ok(())
}
