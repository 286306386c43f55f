//! The rooms of the Caxton server, in reading order.

pub mod config;
