//! The tools `evaluate` and `statistics`: arithmetic that is exact where it can be, and says so where it can't. `tools`
//! is what a caller sees, `expression` reads, `number` reckons, `functions` are what an expression may call, and
//! `statistics` is what its name says.

pub mod expression;
pub mod functions;
pub mod number;
pub mod statistics;
mod tools;

pub use tools::Calc;

caxton_sdk::export_tools!(Calc);
