//! How fast are the rules?
fn main() {}
