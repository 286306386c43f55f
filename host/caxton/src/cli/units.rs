//! Values of options, written as in the files of a workspace: `30s`, `64 MiB`.

use std::time::Duration;

use crate::config::{Refusal, units};

/// A time, such as `30s`.
pub fn time(text: &str) -> Result<Duration, String> {
    units::duration(text).map_err(told)
}

/// A size, such as `64MiB`.
pub fn size(text: &str) -> Result<u64, String> {
    units::bytes(text).map_err(told)
}

fn told(refusal: Refusal) -> String {
    format!("it {}; {}", refusal.reason, refusal.remedy)
}
