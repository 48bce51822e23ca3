//! What can keep a method from writing?

/// Why a method could not write.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The prompt has no tokens, so there is nothing to continue.
    #[error("the prompt has no tokens")]
    EmptyPrompt,
    /// The prompt leaves no room to write in the model's context.
    #[error(
        "the prompt has {tokens} tokens, which leaves no room to write in a context of {context}"
    )]
    PromptTooLong {
        /// Tokens of the prompt.
        tokens: usize,
        /// Tokens the model can attend to, prompt included.
        context: usize,
    },
    /// A limit of zero, which would write nothing.
    #[error("`{name}` is 0: nothing would be written")]
    ZeroLimit {
        /// The field of [`Request`](crate::Request) that is zero.
        name: &'static str,
    },
    /// The method needs the five action tokens and the model's vocabulary has none.
    #[error("`{model}` has no action tokens, so it cannot take back what it writes")]
    CannotRevise {
        /// The model's name.
        model: String,
    },
    /// The tokenizer knows more tokens than the network has outputs.
    #[error(
        "the tokenizer of `{model}` has {tokens} tokens and its network only {outputs} outputs"
    )]
    VocabularyTooLarge {
        /// The model's name.
        model: String,
        /// Tokens the tokenizer knows.
        tokens: usize,
        /// Logits the network gives.
        outputs: usize,
    },
    /// The network, the sampler or the tokenizer failed.
    #[error(transparent)]
    Model(#[from] palinode_model::Error),
    /// The vocabulary is not one that can be followed.
    #[error(transparent)]
    Revise(#[from] palinode_revise::Error),
}

impl Error {
    /// What the person who sees this error can do about it, where there is something.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::EmptyPrompt => Some("say what to write".to_owned()),
            Self::PromptTooLong { .. } => {
                Some("shorten the prompt, or use a model with a longer context".to_owned())
            }
            Self::ZeroLimit { .. } => Some("give it at least 1".to_owned()),
            Self::CannotRevise { .. } => {
                Some("`palinode model add-tokens` adds them to a model, `palinode train sft` teaches it to use them".to_owned())
            }
            Self::VocabularyTooLarge { .. } => {
                Some("tokenizer.json and the weights belong to different models".to_owned())
            }
            Self::Model(error) => error.hint(),
            Self::Revise(error) => error.hint().map(str::to_owned),
        }
    }
}
