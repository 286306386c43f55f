//! What requests to models cost, also those of which no provider tells: that broke off, crashed, or were given up half way. These
//! are estimated. What is dropped before it could tell what it cost waits with the turn's allowance until the turn counts it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use caxton_memory::{NewUsage, Store};
use caxton_sandbox::llm_types::Usage;
use caxton_sandbox::{Delta, Emitted};

use super::allowance::{Allowance, Share};
use super::receipt::{CompletionReceipt, Receipt};
use super::state;
use crate::config::Price;
use crate::workspace::{Admitted, Amount, Held};

/// How many bytes make a token in most languages, or a few more.
const TOKEN_BYTES: u64 = 3;

/// What requests cost.
#[derive(Clone, Debug, Default)]
pub(super) struct Spent {
    pub(super) receipt: Receipt,
    pub(super) completions: Vec<CompletionReceipt>,
}

/// What the requests for one answer have cost so far. Where the answer is given up, the turn is told.
pub(super) struct Spending<'a> {
    allowance: &'a Allowance,
    spent: Spent,
}

/// What is put aside for one request.
pub(super) struct Reserved {
    pub(super) share: Share,
    pub(super) held: Held,
    pub(super) admitted: Admitted,
    pub(super) price: Option<Price>,
    pub(super) max_tokens: u32,
    /// About how many tokens the model reads.
    pub(super) input_tokens: u64,
}

/// A request on its way. Where it is given up, it is counted as far as it came.
pub(super) struct Sent<'a> {
    allowance: &'a Allowance,
    model: String,
    /// Nothing once it is counted.
    reserved: Option<Reserved>,
    started: Instant,
    seen: Arc<Seen>,
}

/// Bytes that a model has written so far.
#[derive(Debug, Default)]
pub(super) struct Seen(AtomicU64);

impl Seen {
    /// Counts a piece of what it writes.
    pub(super) fn add(&self, piece: &Emitted) {
        if let Emitted::Delta(Delta::Text(text) | Delta::Reasoning(text) | Delta::Call(text)) =
            piece
        {
            self.0.fetch_add(text.len() as u64, Ordering::Relaxed);
        }
    }

    fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Spent {
    /// One request, with what its component used.
    pub(super) fn of(used: CompletionReceipt, receipt: Receipt) -> Self {
        Self {
            receipt: Receipt {
                completions: 1,
                input_tokens: used.input_tokens,
                cached_input_tokens: used.cached_input_tokens,
                output_tokens: used.output_tokens,
                cost_pusd: used.cost_pusd,
                ..receipt
            },
            completions: vec![used],
        }
    }

    /// What the requests cost of which an event tells.
    pub(super) fn told_by(event: state::Event) -> Self {
        let (receipt, completions) = match event {
            state::Event::Completed(completion) => (completion.receipt, completion.completions),
            state::Event::NotCompleted {
                receipt,
                completions,
                ..
            }
            | state::Event::Summarised {
                receipt,
                completions,
            } => (receipt, completions),
            _ => return Self::default(),
        };
        Self {
            receipt,
            completions,
        }
    }

    /// Adds what other requests cost.
    pub(super) fn add(&mut self, other: Self) {
        self.receipt.add(&other.receipt);
        self.completions.extend(other.completions);
    }
}

impl<'a> Spending<'a> {
    pub(super) fn new(allowance: &'a Allowance) -> Self {
        let spent = Spent::default();
        Self { allowance, spent }
    }

    pub(super) fn add(&mut self, spent: Spent) {
        self.spent.add(spent);
    }

    /// What it was in all, for whoever counts it.
    pub(super) fn take(&mut self) -> Spent {
        std::mem::take(&mut self.spent)
    }
}

impl Drop for Spending<'_> {
    fn drop(&mut self) {
        self.allowance.lose(self.take());
    }
}

impl<'a> Sent<'a> {
    pub(super) fn new(allowance: &'a Allowance, model: String, reserved: Reserved) -> Self {
        Self {
            allowance,
            model,
            reserved: Some(reserved),
            started: Instant::now(),
            seen: Arc::default(),
        }
    }

    /// Where what the model writes is to be counted.
    pub(super) fn seen(&self) -> Arc<Seen> {
        Arc::clone(&self.seen)
    }

    /// The model that is asked, as `provider/model`.
    pub(super) fn model(&self) -> &str {
        &self.model
    }

    /// Whether the model has written anything.
    pub(super) fn has_seen(&self) -> bool {
        self.seen.bytes() > 0
    }

    /// It was answered, with so many bytes; what its provider says it used counts. An upstream that says nothing is not free.
    pub(super) fn answered(mut self, usage: &Usage, bytes: u64, receipt: Receipt) -> Spent {
        let told = usage.input_tokens > 0 || usage.output_tokens > 0;
        let used = match told {
            true => self.count(usage, false),
            false => self.estimate(bytes),
        };
        spent(used, receipt)
    }

    /// It was not answered; whether it `counts` all the same says whether the model may have begun.
    pub(super) fn missed(mut self, counts: bool, receipt: Receipt) -> Spent {
        let used = match counts {
            true => self.estimate(self.seen.bytes()),
            false => None,
        };
        // What is still put aside goes back.
        self.reserved = None;
        spent(used, receipt)
    }

    /// Counts about what it used, where the model wrote so many bytes.
    fn estimate(&mut self, bytes: u64) -> Option<CompletionReceipt> {
        let usage = Usage {
            input_tokens: self.reserved.as_ref()?.input_tokens,
            cached_input_tokens: 0,
            output_tokens: bytes.div_ceil(TOKEN_BYTES),
        };
        self.count(&usage, true)
    }

    /// Counts what it used in place of what was put aside.
    fn count(&mut self, usage: &Usage, estimated: bool) -> Option<CompletionReceipt> {
        let Reserved {
            share,
            held,
            admitted,
            price,
            ..
        } = self.reserved.take()?;
        let cost_pusd = price.map(|price| cost(price, usage));
        let amount = Amount {
            tokens: usage.input_tokens.saturating_add(usage.output_tokens),
            cost_pusd: cost_pusd.unwrap_or_default(),
        };
        let day = held.day();
        share.settle(amount.tokens, amount.cost_pusd);
        held.settle(amount);
        admitted.settle(amount.tokens);
        Some(CompletionReceipt {
            model: self.model.clone(),
            input_tokens: usage.input_tokens,
            cached_input_tokens: usage.cached_input_tokens.min(usage.input_tokens),
            output_tokens: usage.output_tokens,
            cost_pusd,
            duration_ms: u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX),
            day,
            estimated,
        })
    }
}

impl Drop for Sent<'_> {
    fn drop(&mut self) {
        if let Some(used) = self.estimate(self.seen.bytes()) {
            self.allowance.lose(Spent::of(used, Receipt::default()));
        }
    }
}

/// A request that was counted, or not.
fn spent(used: Option<CompletionReceipt>, receipt: Receipt) -> Spent {
    match used {
        Some(used) => Spent::of(used, receipt),
        None => Spent {
            receipt: Receipt {
                completions: 1,
                ..receipt
            },
            completions: Vec::new(),
        },
    }
}

/// Requests to models, as they are counted.
pub(super) fn usage<'a>(
    agent: &str,
    completions: impl IntoIterator<Item = &'a CompletionReceipt>,
) -> Vec<NewUsage> {
    let new = completions.into_iter().map(|used| NewUsage {
        day: used.day,
        agent: agent.to_owned(),
        model: used.model.clone(),
        input_tokens: used.input_tokens,
        cached_input_tokens: used.cached_input_tokens,
        output_tokens: used.output_tokens,
        cost_pusd: used.cost_pusd,
    });
    new.collect()
}

/// Counts what a turn used that can't be written itself.
pub(super) async fn add_usage(store: &Store, usage: Vec<NewUsage>) {
    if !usage.is_empty()
        && let Err(e) = store.add_usage(usage).await
    {
        tracing::error!(error = %e, "what a turn used can't be counted");
    }
}

/// What tokens cost, in pico-US-dollars.
fn cost(price: Price, usage: &Usage) -> u64 {
    let cached = usage.cached_input_tokens.min(usage.input_tokens);
    let input = (usage.input_tokens - cached).saturating_mul(price.input_pusd);
    let cached = cached.saturating_mul(price.cached_input_pusd);
    let output = usage.output_tokens.saturating_mul(price.output_pusd);
    input.saturating_add(cached).saturating_add(output)
}
