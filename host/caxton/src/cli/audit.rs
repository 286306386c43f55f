//! `caxton audit`: what was done, by whom, and what was refused.

use std::process::ExitCode;

use anyhow::Result;

use super::Output;
use super::output::{self, ago};
use super::target::Target;
use crate::api::wire;

const EXAMPLES: &str = "\
Examples:
  caxton audit                            the latest entries
  caxton audit --by \"agent analyst\"       what an agent remembered and forgot
  caxton audit --by http-fetch --json     what a component was granted and denied, for programs";

/// Show what was done, by whom, and what was refused.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Of this author only: a component's name, `agent NAME`, `http`.
    #[arg(long, value_name = "WHO")]
    by: Option<String>,
    /// How many.
    #[arg(long, default_value_t = 50, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    limit: u16,
    /// Go on after a list: the `next` that it ended with.
    #[arg(long, value_name = "NEXT")]
    before: Option<i64>,
    #[command(flatten)]
    output: Output,
}

/// Shows it.
pub async fn run(args: Args, target: &Target) -> Result<ExitCode> {
    let (limit, before) = (args.limit.to_string(), args.before.map(|n| n.to_string()));
    let mut query = vec![("limit", limit.as_str())];
    let given = [("by", &args.by), ("before", &before)];
    let given = given.iter();
    query.extend(given.filter_map(|(key, value)| Some((*key, value.as_deref()?))));
    let found: wire::Audit = target.client()?.find(&["audit"], &query).await?;
    if args.output.json {
        output::json(&found)?;
    } else {
        show(&found)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn show(found: &wire::Audit) -> Result<()> {
    let row = |entry: &wire::AuditEntry| {
        [
            ago(entry.time_ms),
            entry.by.clone(),
            entry.action.clone(),
            entry.target.clone(),
            match entry.verdict {
                wire::AuditVerdict::Allowed => "allowed".to_owned(),
                wire::AuditVerdict::Denied => "denied".to_owned(),
                wire::AuditVerdict::Failed => "failed".to_owned(),
            },
            entry.detail.clone(),
        ]
    };
    let rows: Vec<_> = found.entries.iter().map(row).collect();
    output::table(
        ["WHEN", "WHO", "WHAT", "TO WHAT", "VERDICT", "DETAIL"],
        &rows,
        "There are no such entries.",
    )?;
    if let Some(next) = found.next {
        output::remark(format_args!("There are more: --before {next}"));
    }
    Ok(())
}
