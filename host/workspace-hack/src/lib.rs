//! Nothing. Cargo chooses the features of a dependency by what is built together; depending on this crate makes the
//! choice the same for each of ours alone and for all at once, so that nothing is compiled twice.
