//! Does the room get what it asks for, from servers of every kind?

mod cache;
mod download;
mod fake_hub;
mod refusals;
mod server;
mod together;
