//! Does the room do what its interface says, on real files?

mod architectures;
mod cache;
mod chat;
mod embedded;
mod forward;
mod gguf;
mod gguf_writer;
mod golden;
mod refusals;
mod sampler;
mod tokenizer;
mod training;
