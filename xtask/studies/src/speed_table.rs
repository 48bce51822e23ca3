//! How fast is the engine beside llama.cpp and transformers, on the same models in the same run?
//!
//! Each figure is a process of its own, one after the other, so that none takes another's cores or memory.
//! Prints one JSON line a figure on standard error as it goes, and the table as Markdown at the end.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

use crate::arguments::Arguments;

/// What a process says of itself.
#[derive(Clone, Copy, Debug, Deserialize)]
struct Figures {
    prompt_tps: f64,
    decode_tps: f64,
    load_s: f64,
    peak_mb: Option<u64>,
}

/// One row of the table.
struct Row {
    model: String,
    format: String,
    lanes: usize,
    ours: Figures,
    llama: Option<Figures>,
    transformers: Option<Figures>,
}

/// `--models DIR [--llama SOURCE] [--python PROGRAM] [--only NAMES] [--formats FORMATS] [--lanes NUMBERS]
/// [--threads N] [--repeats N] [--prompt N] [--decode N]`.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let models: PathBuf = arguments.get("models", PathBuf::new())?;
    let python: String = arguments.get("python", String::new())?;
    let source: String = arguments.get("llama", String::new())?;
    let llama = match source.is_empty() {
        true => None,
        false => Some(llama(Path::new(&source))?),
    };
    let threads: usize = arguments.get("threads", 2)?;
    let lengths = [
        arguments.get("prompt", 512usize)?,
        arguments.get("decode", 128usize)?,
    ];
    let mut rows = Vec::new();
    for model in list(arguments, "only", "tiny,mid,half")? {
        for format in list(arguments, "formats", "F32,Q8_0,Q4_K_M")? {
            let file = models.join(format!("{model}-{format}.gguf"));
            ensure!(file.is_file(), "there is no {}", file.display());
            for lanes in list(arguments, "lanes", "1,4,16")? {
                let lanes: usize = lanes.parse().context("--lanes takes numbers")?;
                // The small model is over in a moment, many lanes are not.
                let usual = if model == "tiny" {
                    7
                } else {
                    3usize.div_ceil(lanes)
                };
                let repeats = arguments.get("repeats", usual)?;
                let words =
                    [lanes, threads, repeats, lengths[0], lengths[1]].map(|n| n.to_string());
                let mut own = Command::new(std::env::current_exe()?);
                own.arg("speed").env("RAYON_NUM_THREADS", &words[1]);
                own.arg("--model").arg(&file);
                for (flag, word) in [
                    ("--lanes", &words[0]),
                    ("--repeats", &words[2]),
                    ("--prompt", &words[3]),
                    ("--decode", &words[4]),
                ] {
                    own.args([flag, word]);
                }
                let row = Row {
                    ours: figures(&mut own)?,
                    llama: match &llama {
                        Some(program) => {
                            Some(figures(Command::new(program).arg(&file).args(&words))?)
                        }
                        None => None,
                    },
                    transformers: match format == "F32" && !python.is_empty() {
                        true => {
                            let script = peers().join("transformers.py");
                            let mut peer = Command::new(&python);
                            peer.arg("-B").arg(script).arg(models.join(&model));
                            Some(figures(peer.args(&words))?)
                        }
                        false => None,
                    },
                    model: model.clone(),
                    format: format.clone(),
                    lanes,
                };
                eprintln!("{}", line(&row));
                rows.push(row);
            }
        }
    }
    println!(
        "| model | weights | lanes | read: ours | llama.cpp | transformers | write: ours | llama.cpp | \
         transformers | start, s | peak, MB |\n|---|---|---|---|---|---|---|---|---|---|---|"
    );
    for row in &rows {
        println!("{}", line(row));
    }
    Ok(())
}

/// The parts of a flag's value between commas.
fn list(arguments: &Arguments, name: &str, otherwise: &str) -> Result<Vec<String>> {
    let all: String = arguments.get(name, otherwise.to_owned())?;
    Ok(all.split(',').map(str::to_owned).collect())
}

/// Where the peers' programs stand.
fn peers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("peers")
}

/// Builds the program that times llama.cpp, against a llama.cpp that was built in `SOURCE/build` as shared
/// libraries.
fn llama(source: &Path) -> Result<PathBuf> {
    let libraries = source.join("build/bin");
    let program = libraries.join("palinode-peer");
    let built = Command::new("c++")
        .args(["-O2", "-std=c++17", "-o"])
        .arg(&program)
        .arg(peers().join("llama.cpp"))
        .arg("-I")
        .arg(source.join("include"))
        .arg("-I")
        .arg(source.join("ggml/include"))
        .arg("-L")
        .arg(&libraries)
        .args(["-lllama", "-lggml", "-lggml-base"])
        .arg(format!("-Wl,-rpath,{}", libraries.display()))
        .status()
        .context("no C++ compiler to build the program that times llama.cpp")?;
    ensure!(
        built.success(),
        "the program that times llama.cpp does not build against {}: it wants llama.cpp's source there, built in \
         `build` with -DBUILD_SHARED_LIBS=ON",
        source.display()
    );
    Ok(program)
}

/// Runs a process to its end and reads what it says.
fn figures(command: &mut Command) -> Result<Figures> {
    let done = command
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot start {command:?}"))?;
    ensure!(done.status.success(), "{command:?} failed");
    serde_json::from_slice(&done.stdout).with_context(|| format!("{command:?} says no figures"))
}

/// A row as Markdown, each of ours with how many times a peer's it is.
fn line(row: &Row) -> String {
    let Row {
        ours,
        llama,
        transformers,
        ..
    } = row;
    let peers = [llama, transformers];
    let rate = |of: fn(&Figures) -> f64| {
        let mut cells = vec![short(of(ours))];
        cells.extend(peers.map(|peer| match peer {
            Some(peer) => format!("{} ({:.2}x)", short(of(peer)), of(ours) / of(peer)),
            None => String::new(),
        }));
        cells.join(" | ")
    };
    let all = |of: fn(&Figures) -> String| {
        let all = [&Some(*ours), llama, transformers];
        let all: Vec<String> = all.iter().filter_map(|one| one.as_ref().map(of)).collect();
        all.join(" / ")
    };
    format!(
        "| {} | {} | {} | {} | {} | {} | {} |",
        row.model,
        row.format,
        row.lanes,
        rate(|one| one.prompt_tps),
        rate(|one| one.decode_tps),
        all(|one| format!("{:.2}", one.load_s)),
        all(|one| one
            .peak_mb
            .map_or_else(String::new, |peak| peak.to_string())),
    )
}

/// Three places that count.
fn short(rate: f64) -> String {
    if rate < 100.0 {
        format!("{rate:.1}")
    } else {
        format!("{rate:.0}")
    }
}
