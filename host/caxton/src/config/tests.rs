//! The room's behaviour as whoever writes a workspace sees it: tables of bad TOML and the faults they give, with line and column.

mod agents;
mod hostile;
mod money;
mod production;
mod support;
mod ten;
mod workspaces;
