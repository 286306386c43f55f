//! The server from outside: over HTTP, from the command line, and when it begins and ends.

mod bodies;
mod browsers;
mod cli;
mod components;
mod conversations;
mod crash;
mod hostile;
mod leaks;
mod lifecycle;
mod mcp;
mod memory;
mod messages;
mod models;
mod openai;
mod probes;
mod routing;
mod secrets;
mod swap;
mod tools;
mod turns;
