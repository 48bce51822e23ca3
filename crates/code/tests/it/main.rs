//! Does this room keep its promises on whole sources, and on any bytes?

mod any_bytes;
mod broken;
mod edits;
mod fences;
mod fingerprints;
mod fixtures;
mod fragments;
mod functions;
mod registry;
mod weaknesses;
mod whole;
