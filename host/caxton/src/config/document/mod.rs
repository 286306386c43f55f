//! TOML read so that nothing is lost by the first fault: a source with positions, a parse that recovers, and tables that are
//! asked for their keys and tell which were never asked for. What the keys mean is said in `check`.

mod report;
mod source;
mod syntax;
mod table;

pub(crate) use report::{FAULTS_MAX, Report};
pub(crate) use source::Source;
pub(crate) use syntax::parse;
pub(crate) use table::{Table, Value};
