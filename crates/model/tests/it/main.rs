//! Does the room do what its interface says, on real files?
