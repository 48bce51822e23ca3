//! How does a model get the five action tokens?
//!
//! Each becomes a special token of the tokenizer and a row of the embedding, and of the output head where
//! that is a matrix of its own. A new row starts as the mean of the embeddings of the words that describe
//! the token (semantic initialisation, *Stream of Revision*, arXiv 2602.01187, appendix D.1; the head's
//! rows are our addition). Started at random, models in the paper never triggered or always did.

mod files;
mod rows;
mod tokenizer;

pub use files::{Added, add_action_tokens};
pub use rows::{add_action_rows, add_action_variables};
pub use tokenizer::{ActionIds, add_to_tokenizer};
