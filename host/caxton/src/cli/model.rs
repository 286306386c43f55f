//! `caxton model`: looks at the models that agents can think with.

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;

use super::Output;
use super::output;
use super::target::Target;
use crate::api::wire;

const EXAMPLES: &str = "\
Examples:
  caxton model list
  caxton model list --provider openai --json";

/// Look at the models of providers.
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true, after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the models of all providers that are loaded.
    List {
        /// Of this provider only.
        #[arg(long)]
        provider: Option<String>,
        #[command(flatten)]
        output: Output,
    },
}

/// Does it.
pub async fn run(args: Args, target: &Target) -> Result<ExitCode> {
    let Command::List { provider, output } = args.command;
    let client = target.client()?;
    if let Some(provider) = &provider {
        // A name that is wrong is told; a built-in provider that nobody uses is loaded now.
        client
            .get::<wire::Component>(&["components", provider])
            .await?;
    }
    let mut found: wire::Models = client.get(&["models"]).await?;
    if let Some(provider) = &provider {
        found.models.retain(|model| model.provider == *provider);
        found.unavailable.retain(|one| one.provider == *provider);
    }
    if output.json {
        output::json(&found)?;
    } else {
        list(&found)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn list(found: &wire::Models) -> Result<()> {
    let rows: Vec<_> = found.models.iter().map(row).collect();
    output::table(
        [
            "MODEL",
            "TOOLS",
            "VISION",
            "WINDOW",
            "READ $/M",
            "WRITTEN $/M",
            "",
        ],
        &rows,
        "There are no models; name one in an agent's `model`, such as \"openai/gpt-5-mini\".",
    )?;
    for one in &found.unavailable {
        output::remark(format_args!(
            "{} does not list its models ({}): {}",
            one.provider, one.code, one.reason
        ));
    }
    Ok(())
}

fn row(model: &wire::Model) -> [String; 7] {
    let yes = |yes: Option<bool>| match yes {
        Some(true) => "yes".to_owned(),
        Some(false) => "no".to_owned(),
        None => "?".to_owned(),
    };
    let price = |of: fn(&wire::Price) -> f64| {
        let price = model.price.as_ref();
        price.map_or_else(|| "?".to_owned(), |price| of(price).to_string())
    };
    let window = model.context_window;
    let remark = match model.listed {
        true => "",
        false => "not listed by its provider",
    };
    [
        model.id.clone(),
        yes(model.tools),
        yes(model.vision),
        window.map_or_else(|| "?".to_owned(), |window| window.to_string()),
        price(|price| price.input_usd_per_million),
        price(|price| price.output_usd_per_million),
        remark.to_owned(),
    ]
}
