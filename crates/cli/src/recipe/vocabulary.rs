//! With which tokens does the bundled model read and write?

use palinode_curriculum::{Curriculum, Options, Split};
use tokenizers::decoders::DecoderWrapper;
use tokenizers::models::bpe::{BPE, BpeTrainerBuilder};
use tokenizers::normalizers::NormalizerWrapper;
use tokenizers::pre_tokenizers::PreTokenizerWrapper;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::pre_tokenizers::split::{Split as SplitAt, SplitPattern};
use tokenizers::processors::PostProcessorWrapper;
use tokenizers::{AddedToken, Result, SplitDelimiterBehavior, Tokenizer, TokenizerBuilder};

use super::lessons::asked;
use super::{RISKY, VOCABULARY};

/// The end token.
pub(super) const END: &str = "<|endoftext|>";

/// The pieces that merges stay within, so that a word of a name is the same token wherever the name
/// stands, and can be copied: the first one without the blank before it, the later ones with what joins
/// them (`order`, `_title`; `order`, `Title`; `order`, `-title`). Numbers are cut after two digits, because
/// two tell numbers apart. Punctuation takes the blanks around it, so that words in code mostly have none.
const PIECES: &[&str] = &[
    // Indentation, and line ends with the blank lines after them.
    r"(?<=\n) +",
    r"\s*[\r\n]+",
    // The first word of a name of several.
    r"[a-z]+(?=[_A-Z]|-[a-z])",
    // Any other word.
    r" ?(?:[A-Z]?[a-z]+|[A-Z]+)(?![\p{L}_]|-[a-z])",
    // A word inside a name.
    r"(?<=[\p{L}\p{N}])[_-]\p{L}+",
    r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\p{L}",
    r"\p{N}{1,2}",
    r" ?[^\s\p{L}\p{N}_]+(?:[\r\n]+| (?=\S))?",
    r"_",
    r"\s+(?!\S)",
    r"\s+",
];

/// Tasks that the merges are learnt from.
const TASKS: u64 = 12_000;

/// Learns a byte-level BPE vocabulary from the training split. About six seconds.
pub(super) fn learn() -> Result<Tokenizer> {
    let mut trainer = BpeTrainerBuilder::new()
        .vocab_size(VOCABULARY)
        .min_frequency(20)
        .show_progress(false)
        .initial_alphabet(ByteLevel::alphabet().into_iter().collect())
        .special_tokens(vec![AddedToken::from(END, true)])
        .build();
    let byte_level = ByteLevel::new(false, false, false);
    let pieces = SplitAt::new(
        SplitPattern::Regex(PIECES.join("|")),
        SplitDelimiterBehavior::Isolated,
        false,
    )?;
    let mut tokenizer = TokenizerBuilder::<
        BPE,
        NormalizerWrapper,
        PreTokenizerWrapper,
        PostProcessorWrapper,
        DecoderWrapper,
    >::default()
    .with_model(BPE::default())
    .with_pre_tokenizer(Some(
        Sequence::new(vec![pieces.into(), byte_level.into()]).into(),
    ))
    .with_decoder(Some(byte_level.into()))
    .build()?;
    let curriculum = Curriculum::new(Options {
        seed: 1,
        split: Split::Training,
        unseen_wording: 0.0,
        risky: RISKY,
    });
    let tasks = (0..TASKS).map(move |index| curriculum.task(index));
    let texts = tasks.flat_map(|task| {
        let prompt = asked(&task.specification, Some(task.language.name()));
        [prompt.trim_end().to_owned(), task.draft, task.fixed]
    });
    tokenizer.train(&mut trainer, texts)?;
    Ok(tokenizer.into())
}
