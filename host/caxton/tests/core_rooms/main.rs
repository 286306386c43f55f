//! The rooms below the surfaces, tested with real components, a real database and, where a model must say what a test wants,
//! an upstream over a real socket.

mod changing;
mod delegating;
mod guests;
mod opening;
mod support;
mod tools;
mod turns;
