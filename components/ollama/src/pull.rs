//! Pulling a model from Ollama's library, and how far it has come.

use std::collections::BTreeMap;

use caxton_sdk::Value;
use caxton_sdk::provider::LlmError;
use caxton_sdk::upstream::shortened;

use crate::server::Server;

/// How many times at most the bytes of a pull are told on the way: more is more than anybody reads, and what a component may
/// say in one call is limited.
const STEPS: u64 = 100;

/// How far a pull has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Bytes that are there, of all layers. Each status counts as a byte too, so that every step is further than the one
    /// before.
    pub done: u64,
    /// Bytes in all, as far as is known: layers become known one after another.
    pub total: Option<u64>,
    /// What the server is doing.
    pub status: String,
}

/// Pulls a model and tells each step. Gives the bytes of its layers.
///
/// # Errors
/// `model-not-found` where the library has no such model; `bad-response` where the stream breaks off, with how far it came;
/// otherwise those of the server.
pub fn pull(server: &Server, model: &str, mut tell: impl FnMut(&Step)) -> Result<u64, LlmError> {
    let mut lines = server.pull(model)?;
    let mut pulled = Pulled::default();
    loop {
        let broken = |reason: &str, pulled: &Pulled| {
            LlmError::BadResponse(format!(
                "{} broke off pulling `{model}` after {} bytes: {reason} (pull it again, and it goes on from there)",
                server.name(),
                pulled.bytes()
            ))
        };
        let line = match lines.next() {
            Ok(Some(line)) => line,
            Ok(None) => return Err(broken("the stream ended", &pulled)),
            Err(reason) => return Err(broken(&reason, &pulled)),
        };
        if let Some(said) = line["error"].as_str() {
            return Err(refused(server, model, said));
        }
        if let Some(step) = pulled.push(&line) {
            tell(&step);
        }
        if line["status"] == "success" {
            return Ok(pulled.bytes());
        }
    }
}

fn refused(server: &Server, model: &str, said: &str) -> LlmError {
    let message = format!(
        "{} could not pull `{model}`: {}",
        server.name(),
        shortened(said)
    );
    if said.contains("does not exist") || said.contains("not found") {
        return LlmError::ModelNotFound(format!(
            "{message} (the models and their names are listed at https://ollama.com/library)"
        ));
    }
    LlmError::BadResponse(message)
}

/// What has come of each layer.
#[derive(Debug, Default)]
struct Pulled {
    /// By digest: bytes that are there, and bytes in all.
    layers: BTreeMap<String, (u64, u64)>,
    statuses: u64,
    status: String,
    told: u64,
}

impl Pulled {
    /// Takes in a line of the stream. Gives a step where there is something to tell.
    fn push(&mut self, line: &Value) -> Option<Step> {
        if let Some(digest) = line["digest"].as_str() {
            let total = line["total"].as_u64().unwrap_or(0);
            let completed = line["completed"].as_u64().unwrap_or(0);
            let layer = self.layers.entry(digest.to_owned()).or_default();
            layer.1 = layer.1.max(total);
            // A part that has to be loaded again takes bytes back, which is no progress.
            layer.0 = layer.0.max(completed.min(layer.1));
        }
        let status = line["status"].as_str().unwrap_or_default();
        let is_new = status != self.status;
        if is_new {
            self.status = shortened(status);
            self.statuses += 1;
        }
        let sum = |of: fn(&(u64, u64)) -> u64| {
            let bytes = self.layers.values().map(of);
            bytes.fold(self.statuses, u64::saturating_add)
        };
        let (done, total) = (sum(|layer| layer.0), sum(|layer| layer.1));
        let is_step = done > self.told && (is_new || done - self.told >= total / STEPS);
        if !is_step {
            return None;
        }
        self.told = done;
        Some(Step {
            done,
            total: (!self.layers.is_empty()).then_some(total),
            status: self.status.clone(),
        })
    }

    /// Bytes that are there.
    fn bytes(&self) -> u64 {
        let bytes = self.layers.values().map(|layer| layer.0);
        bytes.fold(0, u64::saturating_add)
    }
}
