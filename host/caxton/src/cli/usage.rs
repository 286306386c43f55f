//! `caxton usage`: what was used, by day, agent and model, and what is left of the budgets.

use std::process::ExitCode;

use anyhow::Result;

use super::Output;
use super::output::{self, Style};
use super::target::Target;
use crate::api::wire;
use crate::api::wire::usage::day_read;

const EXAMPLES: &str = "\
Examples:
  caxton usage                                          today
  caxton usage --from 2026-11-01 --to 2026-11-30        a month
  caxton usage --agent analyst --json                   of one agent, for programs";

/// Show what was used: tokens and money.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The first day, YYYY-MM-DD in UTC [default: the last one].
    #[arg(long, value_name = "DAY", value_parser = day)]
    from: Option<String>,
    /// The last day [default: today].
    #[arg(long, value_name = "DAY", value_parser = day)]
    to: Option<String>,
    /// Of this agent only, against its own budget.
    #[arg(long)]
    agent: Option<String>,
    #[command(flatten)]
    output: Output,
}

/// Shows it.
pub async fn run(args: Args, target: &Target) -> Result<ExitCode> {
    let given = [
        ("from", &args.from),
        ("to", &args.to),
        ("agent", &args.agent),
    ];
    let query: Vec<_> = given
        .iter()
        .filter_map(|(key, value)| Some((*key, value.as_deref()?)))
        .collect();
    let usage: wire::Usage = target.client()?.find(&["usage"], &query).await?;
    if args.output.json {
        output::json(&usage)?;
    } else {
        show(&usage)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads a day.
fn day(text: &str) -> Result<String, String> {
    match day_read(text) {
        Some(_) => Ok(text.to_owned()),
        None => Err("write a day such as 2026-11-21".to_owned()),
    }
}

fn show(usage: &wire::Usage) -> Result<()> {
    let mut rows: Vec<_> = usage
        .entries
        .iter()
        .map(|entry| row(&entry.day, &entry.agent, &entry.model, &entry.used))
        .collect();
    if !rows.is_empty() {
        rows.push(row("total", "", "", &usage.total));
    }
    let days = match usage.from == usage.to {
        true => format!("on {}", usage.to),
        false => format!("from {} to {}", usage.from, usage.to),
    };
    output::table(
        [
            "DAY", "AGENT", "MODEL", "REQUESTS", "READ", "CACHED", "WRITTEN", "COST",
        ],
        &rows,
        &format!("Nothing was used {days}."),
    )?;
    if usage.total.unpriced > 0 {
        output::remark(format_args!(
            "{} requests are not in the cost: the prices of their models are not known; set them in caxton.toml ([components.PROVIDER.prices])",
            usage.total.unpriced
        ));
    }
    let style = Style::of_stdout();
    let (budget, left) = (&usage.budget, &usage.left_today);
    if let (Some(most), Some(left)) = (budget.cost_usd_per_day, left.cost_usd) {
        let text = format!("budget: ${left} of ${most} left today");
        output::line(marked(style, text, left <= 0.0))?;
    }
    if let (Some(most), Some(left)) = (budget.tokens_per_day, left.tokens) {
        let text = format!("budget: {left} of {most} tokens left today");
        output::line(marked(style, text, left == 0))?;
    }
    Ok(())
}

fn marked(style: Style, text: String, spent: bool) -> String {
    match spent {
        true => style.red(text),
        false => text,
    }
}

fn row(day: &str, agent: &str, model: &str, used: &wire::Used) -> [String; 8] {
    // As many digits as the amount has: rounded, single requests would cost nothing.
    let cost = match used.unpriced {
        0 => format!("${}", used.cost_usd),
        all if all == used.completions => "?".to_owned(),
        _ => format!("${} + ?", used.cost_usd),
    };
    [
        day.to_owned(),
        agent.to_owned(),
        model.to_owned(),
        used.completions.to_string(),
        used.input_tokens.to_string(),
        used.cached_input_tokens.to_string(),
        used.output_tokens.to_string(),
        cost,
    ]
}
