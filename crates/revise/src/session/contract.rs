//! What may a session's user ask for, and what does it tell the sampler?

use crate::Action;

/// What a session is allowed to do.
///
/// The limits' default values are this project's own, not the paper's, which states none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SessionOptions {
    /// Whether the model may revise. Without it, or with a vocabulary that has no action tokens, the
    /// session only writes. Default: true.
    pub revise: bool,
    /// Added to the trigger's logit wherever the trigger is allowed. Not a number counts as 0.
    /// Default: 0.
    pub trigger_bias: f32,
    /// Most tokens in a scope; at the limit only its close is allowed. With 0 no episode can begin.
    /// Default: 512.
    pub max_scope_tokens: usize,
    /// Most tokens in a patch; at the limit only its close is allowed. With 0 every patch is empty.
    /// Default: 1024.
    pub max_patch_tokens: usize,
    /// Most revisions in a stream; after that the trigger is not allowed. Default: 64.
    pub max_revisions: usize,
    /// How long the caller will let the stream grow. The session does not end it, but allows no trigger
    /// that would leave no room for the six tokens of the shortest episode. Default: no limit.
    pub max_stream_tokens: usize,
}

impl Default for SessionOptions {
    fn default() -> Self {
        SessionOptions {
            revise: true,
            trigger_bias: 0.0,
            max_scope_tokens: 512,
            max_patch_tokens: 1024,
            max_revisions: 64,
            max_stream_tokens: usize::MAX,
        }
    }
}

/// Which ids may come next, for a sampler. All lists are sorted and hold each id once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Constraint<'a> {
    /// Any id but these. Ids beyond the vocabulary are not listed and not allowed either.
    AnyBut {
        /// Not these.
        banned: &'a [u32],
        /// Add this number to this id's logit: the trigger's bias, where it is allowed and not 0.
        bias: Option<(u32, f32)>,
    },
    /// One of these. Empty once the stream has ended: nothing may come.
    OneOf(&'a [u32]),
    /// This id, whatever the model thinks.
    Exactly(u32),
}

impl Constraint<'_> {
    /// Whether `id` may come next, where `id` is one of the vocabulary's.
    #[must_use]
    pub fn allows(&self, id: u32) -> bool {
        match self {
            Constraint::AnyBut { banned, .. } => banned.binary_search(&id).is_err(),
            Constraint::OneOf(ids) => ids.binary_search(&id).is_ok(),
            Constraint::Exactly(only) => *only == id,
        }
    }
}

/// What may come next in symbols, for what cannot use ids: a server's grammar, a display.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect<'a> {
    /// Code, or the stream's end.
    Code {
        /// Whether the trigger may come as well.
        trigger: bool,
    },
    /// More of the scope: `so_far` and what follows must stand somewhere in `of`.
    Span {
        /// The buffer.
        of: &'a [u8],
        /// The scope so far.
        so_far: &'a [u8],
        /// Whether the scope may end here.
        may_close: bool,
    },
    /// More of the patch, or its close.
    Patch,
    /// This action token.
    Exactly(Action),
    /// Nothing: the stream has ended.
    Ended,
}

/// Where a session's tokens went. A token counts when its fate is known, so those of an open episode
/// do not yet; after [`Session::finish`](crate::Session::finish) the first five add up to all tokens
/// pushed, less the end token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Tokens appended to the buffer as code, whether or not a revision took them back later.
    pub code: u64,
    /// Tokens of the scopes of accepted episodes.
    pub scope: u64,
    /// Tokens of their patches.
    pub patch: u64,
    /// Their action tokens.
    pub delimiter: u64,
    /// Tokens that came to nothing: of refused and dropped episodes, stray action tokens, ids that
    /// stand for nothing.
    pub discarded: u64,
    /// Episodes accepted.
    pub revisions: u64,
    /// Episodes refused.
    pub refusals: u64,
}
