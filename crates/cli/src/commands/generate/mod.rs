//! `palinode generate`: write code, taking back what is wrong.

mod growing;
mod many;
mod prompt;
mod report;
mod sampling;
mod settings;
mod watch;

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use palinode_methods::{Error, Method, Request, by_name, vocabulary};
use palinode_model::LocalModel;
use palinode_revise::Vocabulary;

use self::prompt::{Prompt, Wording, encode};
use self::sampling::Sampling;
use self::settings::{Settings, Work};
use self::watch::{Answer, Watcher};
use crate::Status;
use crate::compute::Compute;
use crate::console::{ColourChoice, Console, note};
use crate::events::{EventLog, What};
use crate::examples::EXAMPLES;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::nano::BUNDLED;

/// Write code, taking back what is wrong
///
/// On a terminal the code appears as it is written; at a revision the quoted span is marked, struck, and
/// replaced in place, with about a second's wait so that it can be seen. What has scrolled off the top of the
/// window cannot be changed there: the program is then printed again below a divider, from the first line that
/// changed. Piped, standard output holds the final program alone, byte for byte; with several samples, each
/// after a comment line that says which it is. The last line on standard error counts revisions, tokens and
/// speed.
///
/// The same build, model, prompt, settings, seed and number of threads give the same program.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// What to write; `-` is standard input, which is also read where it is piped in and nothing is named
    ///
    /// Line breaks at the end are not part of the prompt.
    #[arg(value_name = "PROMPT", conflicts_with = "file")]
    prompt: Option<OsString>,
    /// Read the prompt from FILE
    #[arg(short, long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Write for every line of FILE (JSON Lines; `-` is standard input); a result is a line, as soon as it is done
    ///
    /// A line is an object with `prompt`, a text that is taken as it stands, or `messages`, objects with `role` and
    /// `content`. It may have an `id`, a text or a whole number, which is given back (else `task_id` is), and
    /// `suffix`, `lang`, `max_tokens`, `seed`, `temperature`, `top_k`, `top_p`, `min_p`, `typical_p`,
    /// `repetition_penalty`, `frequency_penalty` and `presence_penalty`, which mean what the flags mean, for this
    /// line. Other fields are given back in `extra`. A file is checked before the model is loaded.
    ///
    /// A result is what --json gives, with `line` and `id`. A prompt that cannot be written gets a line of type
    /// `error` and ends no other; then the exit code is 1. What a prompt is answered does not depend on the others.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["prompt", "file"])]
    prompts: Option<PathBuf>,
    /// Write the results of --prompts to FILE; one that holds some goes on with what is missing
    ///
    /// Results of other prompts or settings are refused. An `error` counts as done: take its line out to try again.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The model: `nano` (bundled), a folder in Hugging Face layout, a `.gguf` file, or
    /// `hf:org/name[@revision]` from the hub; see `palinode list models`
    #[arg(short, long, value_name = "MODEL", default_value = BUNDLED)]
    model: String,
    /// The language to write in; see `palinode list languages`
    #[arg(short, long, value_name = "LANGUAGE")]
    lang: Option<String>,

    /// Put the prompt to the model as it is, to be continued, and not within the model's chat template
    #[arg(long)]
    raw: bool,
    /// Fill the gap between the prompt and this text; only models that learnt to (fill-in-the-middle)
    #[arg(long, value_name = "TEXT", conflicts_with = "raw")]
    suffix: Option<String>,

    #[command(flatten)]
    sampling: Sampling,
    /// Samples to write
    #[arg(short, long, value_name = "COUNT", default_value_t = 1)]
    n: usize,
    /// Samples to write at once: cheaper together than one after the other, and the same [default: 8, and 1 on a
    /// terminal or with --events]
    ///
    /// Where several are written at once, lines of --events belong to the sample that they name.
    #[arg(long, value_name = "COUNT")]
    at_once: Option<usize>,
    /// Most tokens a sample may cost, those of its episodes included
    #[arg(long, value_name = "COUNT", default_value_t = 1024)]
    max_tokens: usize,

    /// Added to the trigger's logit: above 0 the model revises more often, below 0 less
    #[arg(
        long,
        value_name = "NUMBER",
        default_value_t = 0.0,
        allow_negative_numbers = true
    )]
    trigger_bias: f32,
    /// Take nothing back
    #[arg(long, conflicts_with = "require_revision")]
    no_revision: bool,
    /// Refuse a model that cannot revise (exit code 2)
    #[arg(long)]
    require_revision: bool,

    /// One JSON object a sample on standard output: program, usage, revisions
    #[arg(long)]
    json: bool,
    /// Write what happens to FILE as JSON Lines; `-` is standard output, in place of the program
    ///
    /// Applying the lines of type `text` and `revision` in order gives the program.
    #[arg(long, value_name = "FILE")]
    events: Option<PathBuf>,
    /// When to use colour
    #[arg(long, value_enum, value_name = "WHEN", default_value_t)]
    color: ColourChoice,
    /// Say on standard error where the time went
    #[arg(long)]
    timing: bool,
    #[command(flatten)]
    compute: Compute,
    /// List prompts that the bundled model knows, and how to do real work
    #[arg(long, exclusive = true)]
    examples: bool,
}

pub(crate) fn run(arguments: Arguments, started: Instant) -> Result<Status, Failure> {
    if arguments.examples {
        return examples();
    }
    let console = Console::new();
    let settings = Settings::new(arguments, console)?;
    match &settings.work {
        Work::One(prompt) => one(&settings, prompt, console, started),
        Work::Many { prompts, out } => many::run(&settings, prompts, out.as_deref(), started),
    }
}

/// Writes the samples of one prompt.
fn one(
    settings: &Settings,
    prompt: &Prompt,
    console: Console,
    started: Instant,
) -> Result<Status, Failure> {
    // Opened before the model, which may take long, so that a wrong name is told at once.
    let log = match &settings.events {
        None => None,
        Some(target) => Some(EventLog::open(target, prompt.file())?),
    };
    let lanes = settings.at_once;
    let model = settings
        .model
        .load(&settings.compute, lanes, settings.max_tokens)?;
    let (words, method) = ready(settings, &model)?;
    let asked = settings.asked(Wording::Text(prompt.text.clone()));
    let ids = encode(&asked, &prompt.source, &model)?;
    let sampling = settings.sampling.options(&model.generation.options());
    let mut writing = settings.writing(method, &asked, &sampling, settings.max_tokens);
    writing.prompt_tokens = Some(ids.len());
    let request = Request {
        prompt: &ids,
        lanes: settings.samples,
        max_tokens: settings.max_tokens,
        sampling,
        session: settings.session(),
        measure: true,
    };
    let answer = Answer::new(settings, log.as_ref(), console);
    let mut watcher = Watcher::new(settings, &model.name, &writing, request, log, answer);
    watcher.listen(Interrupt::listen());
    let result = (method.write)(&model, &words, settings.at_once, &mut watcher);
    if let Some(failure) = watcher.take_failure() {
        watcher.broke_off(What::Error {
            sample: None,
            message: failure.what().to_owned(),
        });
        return Err(failure);
    }
    let failed = watcher.take_error();
    let result = result.and_then(|outcome| failed.map_or(Ok(outcome), Err));
    let outcome = result.map_err(|error| {
        watcher.broke_off(What::Error {
            sample: None,
            message: error.to_string(),
        });
        unusable(&model, &error)
    })?;
    let first_token = watcher.first_token().map(|at| at.duration_since(started));
    Ok(report::report(
        settings,
        watcher.tally(),
        outcome,
        first_token,
    ))
}

/// What a model that is loaded writes with, as far as it can do what was asked for.
fn ready(
    settings: &Settings,
    model: &LocalModel,
) -> Result<(Arc<Vocabulary>, &'static Method), Failure> {
    let words = vocabulary(model).map_err(|error| unusable(model, &error))?;
    let method = method(settings, model, words.can_revise())?;
    settings
        .sampling
        .check_ids(model.network.shape().vocabulary)?;
    let sampling = settings.sampling.options(&model.generation.options());
    if settings.samples > 1 && sampling.temperature == 0.0 {
        note("note: at temperature 0 all samples are the same; see --temperature");
    }
    Ok((words, method))
}

fn unusable(model: &LocalModel, error: &Error) -> Failure {
    Failure::new(format!("cannot write with `{}`", model.name))
        .because(error)
        .maybe_hint(error.hint())
}

/// The method that was asked for, as far as the model can.
fn method(
    settings: &Settings,
    model: &LocalModel,
    can_revise: bool,
) -> Result<&'static Method, Failure> {
    let name = if settings.revise && can_revise {
        "stream_of_revision"
    } else {
        "plain"
    };
    if settings.revise && !can_revise {
        let error = Error::CannotRevise {
            model: model.name.clone(),
        };
        if settings.require_revision {
            return Err(Failure::new(error.to_string()).maybe_hint(error.hint()));
        }
        note(format_args!(
            "note: `{}` has no action tokens, so it writes plainly; {}",
            model.name,
            error.hint().unwrap_or_default()
        ));
    }
    by_name(name).ok_or_else(|| Failure::new(format!("there is no method `{name}`")))
}

fn examples() -> Result<Status, Failure> {
    let print = || -> io::Result<()> {
        let mut out = io::stdout().lock();
        writeln!(out, "Prompts that the bundled model `nano` knows:\n")?;
        for example in EXAMPLES {
            writeln!(
                out,
                "  palinode generate --lang {} \"{}\"",
                example.language, example.prompt
            )?;
        }
        writeln!(
            out,
            "\n`nano` shows what revision while writing is; it has learnt tasks like these and nothing else.\n\
             For real work name a model that was trained to revise (`palinode list models` says how):\n\n  \
             palinode generate --model FOLDER \"...\""
        )?;
        out.flush()
    };
    print().map_err(|error| Failure::stdout(&error))?;
    Ok(Status::Done)
}
