//! The tools `describe`, `read`, `filter` and `aggregate` over CSV. In reading order: `source` gets the text, `parse` cuts
//! it into cells, `table` holds them, `kind` finds what a column holds (with `number` and `date`), `condition` and `query`
//! choose rows, `aggregate` groups them, `describe` sums a table up, `schema` and `tools` are what a caller sees.

pub mod aggregate;
pub mod condition;
pub mod date;
pub mod describe;
pub mod error;
mod hash;
pub mod kind;
pub mod number;
pub mod parse;
pub mod query;
mod schema;
pub mod source;
pub mod table;
mod tools;
mod words;

pub use tools::Csv;

caxton_sdk::export_tools!(Csv);
