//! What can be wrong with what a caller hands to this room?

use std::ops::Range;

use crate::Action;

/// A vocabulary, trajectory or event that cannot be right. Streams of tokens and text never cause an
/// error: what is wrong in them comes back as an [`Event`](crate::Event) or a
/// [`Problem`](crate::Problem).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An action token's id is not an id of the vocabulary.
    #[error("the id {id} of {action} is outside the vocabulary of {vocabulary} tokens")]
    ActionOutside {
        /// Whose id it is.
        action: Action,
        /// The id.
        id: u32,
        /// How many tokens there are.
        vocabulary: usize,
    },
    /// Two action tokens share one id.
    #[error("{first} and {second} have the same id {id}")]
    ActionTwice {
        /// The action token named first.
        first: Action,
        /// The one that repeats its id.
        second: Action,
        /// The id.
        id: u32,
    },
    /// An end token's id is not an id of the vocabulary.
    #[error("the end token's id {id} is outside the vocabulary of {vocabulary} tokens")]
    EndOutside {
        /// The id.
        id: u32,
        /// How many tokens there are.
        vocabulary: usize,
    },
    /// An end token is also an action token.
    #[error("the id {id} is both an end token and {action}")]
    EndIsAction {
        /// The id.
        id: u32,
        /// The action token it also is.
        action: Action,
    },
    /// More tokens than ids can name.
    #[error("{tokens} tokens are more than 32-bit ids can name")]
    VocabularyTooLarge {
        /// How many tokens there are.
        tokens: usize,
    },
    /// The vocabulary has no action tokens, and the trajectory has episodes.
    #[error("the vocabulary has no action tokens, so the trajectory's episodes cannot be written")]
    NoActions,
    /// The vocabulary has no end token.
    #[error("the vocabulary has no end token, so the stream cannot end")]
    NoEnd,
    /// A prompt's id is outside the vocabulary.
    #[error("prompt token {index} has the id {id}, outside the vocabulary")]
    PromptToken {
        /// Where in the prompt.
        index: usize,
        /// The id.
        id: u32,
    },
    /// A token of the draft or of a patch is not code: an action or end token, an id outside the
    /// vocabulary, or one that stands for no bytes.
    #[error("token {index} of the {part} has the id {id}, which is not a code token")]
    NotCode {
        /// Which part it stands in: the draft, or the patch of a numbered episode.
        part: String,
        /// Where in that part.
        index: usize,
        /// The id.
        id: u32,
    },
    /// An episode's scope is empty, leaves the draft, or was not written yet at the trigger.
    #[error(
        "episode {episode}: the scope {}..{} must be non-empty and end by the trigger at {at}, in a draft of {draft} tokens",
        scope.start, scope.end
    )]
    ScopeRange {
        /// Which episode, from 0.
        episode: usize,
        /// Its scope, in tokens of the draft.
        scope: Range<usize>,
        /// Its trigger: draft tokens written before it.
        at: usize,
        /// Tokens of the draft.
        draft: usize,
    },
    /// An episode's trigger comes before that of the episode listed before it.
    #[error("episode {episode}: its trigger comes before the previous episode's")]
    TriggerOrder {
        /// Which episode, from 0.
        episode: usize,
    },
    /// Two episodes take back the same token of the draft.
    #[error("episodes {first} and {second} both take back a token of the draft")]
    ScopesOverlap {
        /// The earlier episode, from 0.
        first: usize,
        /// The later one.
        second: usize,
    },
    /// The scope stands again further right in the buffer at the trigger, and the right-most match is
    /// the one that a session replaces.
    #[error(
        "episode {episode}: the scope is meant to stand at token {meant} of the buffer, but its right-most match is at {found}"
    )]
    ScopeAmbiguous {
        /// Which episode, from 0.
        episode: usize,
        /// Where in the buffer, in tokens, the scope was meant to be.
        meant: usize,
        /// Where its right-most match is.
        found: usize,
    },
    /// An event does not fit the text it is applied to.
    #[error("the event replaces bytes {start}..{end}, where its old text does not stand")]
    EventMismatch {
        /// First byte.
        start: usize,
        /// Past the last byte.
        end: usize,
    },
}

impl Error {
    /// What a user can do about it, where there is something to do.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Error::NoActions => Some("add the five action tokens to the model's tokenizer first"),
            Error::ScopeAmbiguous { .. } => {
                Some("widen the scope until nothing further right repeats it")
            }
            _ => None,
        }
    }
}
