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

use super::{RISKY, VOCABULARY};

/// The end token.
pub(super) const END: &str = "<|endoftext|>";

/// Words with the blank or underscore before them, single digits, runs of punctuation with the line's end,
/// and blanks: a name's words are tokens of their own wherever the name stands, so that it can be copied.
const PIECES: &str = r"[ _]?\p{L}+| ?\p{N}| ?[^\s\p{L}\p{N}_]+[\r\n]*|_|\s*[\r\n]+|\s+(?!\S)|\s+";

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
        SplitPattern::Regex(PIECES.to_owned()),
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
        many_wordings: false,
        risky: RISKY,
    });
    let tasks = (0..TASKS).map(move |index| curriculum.task(index));
    let texts = tasks.flat_map(|task| [task.specification, task.draft, task.fixed]);
    tokenizer.train(&mut trainer, texts)?;
    Ok(tokenizer.into())
}
