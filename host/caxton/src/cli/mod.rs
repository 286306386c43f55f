//! The command line: one file per command, named after it. Commands that speak to a server do so through `client`, and find
//! it through `target`; `follow` and `answer` are what those share that print answers; `open` is how a command opens a workspace itself; `output` is how everything is printed.

mod agent;
mod answer;
mod arguments;
mod audit;
mod client;
mod component;
mod conversation;
mod detach;
mod embedding;
mod follow;
mod health;
mod init;
mod mcp;
mod memory;
mod model;
mod open;
mod output;
mod secret;
mod send;
mod serve;
mod stop;
mod stream;
mod target;
mod templates;
mod tool;
mod turn;
mod units;
mod usage;
mod validate;
mod version;

use std::process::ExitCode;

use clap::builder::Styles;
use clap::builder::styling::AnsiColor;
use clap::{Args, Parser, Subcommand};

use self::target::Target;

/// How a command that prints data prints it.
#[derive(Clone, Copy, Debug, Args)]
struct Output {
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Wrong usage that shows only after the command line was parsed. The program ends with 2, as where the parser refuses it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Usage(String);

const EXAMPLES: &str = "\
Begin here:
  caxton init desk --template data-analyst    a workspace with two agents and a table
  cd desk && caxton serve                     run it
  caxton send \"Which region sells most?\"      ask it, from another terminal

The server of the current workspace is found by itself. CAXTON_SERVER names another one.";

/// A server for AI agents whose tools, routers and providers are sandboxed WebAssembly components.
#[derive(Debug, Parser)]
#[command(name = "caxton", version, about, after_help = EXAMPLES, styles = styles(), max_term_width = 100, arg_required_else_help = true)]
pub struct Cli {
    #[command(flatten)]
    target: Target,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server.
    Serve(serve::Args),
    /// Stop a server.
    Stop(stop::Args),
    /// Ask a server whether it is well.
    Health(health::Args),
    /// Print versions.
    Version(version::Args),
    /// Make a workspace, or an agent in one.
    Init {
        #[command(flatten)]
        args: init::Args,
        #[command(flatten)]
        output: Output,
    },
    /// List the templates.
    Templates {
        #[command(flatten)]
        args: templates::Args,
        #[command(flatten)]
        output: Output,
    },
    /// Find every fault in a workspace's files.
    Validate {
        #[command(flatten)]
        args: validate::Args,
        #[command(flatten)]
        output: Output,
    },
    /// Look at agents and change them.
    Agent(agent::Args),
    /// Ask an agent, and see the answer as it comes.
    Send(send::Args),
    /// Look at turns, follow and cancel them.
    Turn(turn::Args),
    /// Look at conversations, fork and remove them.
    Conversation(conversation::Args),
    /// Look at what is remembered, and change it.
    Memory(memory::Args),
    /// Show what was used: tokens and money.
    Usage(usage::Args),
    /// Show what was done, by whom, and what was refused.
    Audit(audit::Args),
    /// Look at tools and call them.
    Tool(tool::Args),
    /// Look at components and try them.
    Component(component::Args),
    /// Keep a workspace's secrets, encrypted.
    Secret(secret::Args),
    /// Look at the models of providers.
    Model(model::Args),
    /// Be an MCP server on standard input and output.
    Mcp(mcp::Args),
}

/// Parses the command line and runs the command. Wrong usage ends with 2, everything else that fails with 1.
pub fn main() -> ExitCode {
    let Cli { target, command } = Cli::parse();
    match run(target, command) {
        Ok(code) => code,
        Err(error) => {
            // A pipe that was closed, as by `head`, is no failure worth words.
            let closed = error
                .chain()
                .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
                .any(|cause| cause.kind() == std::io::ErrorKind::BrokenPipe);
            if !closed {
                output::error(&error);
            }
            if error.is::<Usage>() {
                ExitCode::from(2)
            } else {
                ExitCode::FAILURE
            }
        }
    }
}

fn run(target: Target, command: Command) -> anyhow::Result<ExitCode> {
    // TLS needs to be told once which cryptography to use; that it was told before is no error.
    drop(rustls::crypto::ring::default_provider().install_default());
    match command {
        Command::Serve(args) => serve::run(args, &target),
        Command::Stop(args) => stop::run(args, &target),
        Command::Health(args) => client_side(health::run(args, &target)),
        Command::Version(args) => version::run(args),
        Command::Init { args, output } => init::run(args, &target, output.json),
        Command::Templates { args, output } => templates::run(args, output.json),
        Command::Validate { args, output } => validate::run(args, &target, output.json),
        Command::Agent(args) => client_side(agent::run(args, &target)),
        Command::Send(args) => client_side(send::run(args, &target)),
        Command::Turn(args) => client_side(turn::run(args, &target)),
        Command::Conversation(args) => client_side(conversation::run(args, &target)),
        Command::Memory(args) => client_side(memory::run(args, &target)),
        Command::Usage(args) => client_side(usage::run(args, &target)),
        Command::Audit(args) => client_side(audit::run(args, &target)),
        Command::Tool(args) => client_side(tool::run(args, &target)),
        Command::Component(args) => component::run(args, &target),
        Command::Secret(args) => secret::run(args, &target),
        Command::Model(args) => client_side(model::run(args, &target)),
        Command::Mcp(args) => mcp::run(args, &target),
    }
}

/// Runs a command that only waits for a server: one thread is enough.
fn client_side(
    command: impl Future<Output = anyhow::Result<ExitCode>>,
) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let ended = runtime.block_on(command);
    // A file that is read from standard input may still be waited for there, though nobody wants it any more.
    runtime.shutdown_background();
    ended
}

fn styles() -> Styles {
    Styles::styled()
        .header(AnsiColor::Green.on_default().bold())
        .usage(AnsiColor::Green.on_default().bold())
        .literal(AnsiColor::Cyan.on_default().bold())
        .placeholder(AnsiColor::Cyan.on_default())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
