//! Do the rules, and the engine that asks them, keep what they promise?

mod manual;
