//! Asking a model: the agent's own first, then the fallbacks. As much as an answer may need is put aside before, from the turn's
//! allowance and the day's budgets. What a model writes goes straight to whoever waits; where one breaks off, the next begins
//! anew.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use caxton_memory::today;
use caxton_sandbox::llm_types::{Part, Request, Response, StopReason};
use caxton_sandbox::{Call, Called, Delta, Emitted, Listener};

use super::allowance::Allowance;
use super::event::Event;
use super::fault::Fault;
use super::live::Live;
use super::miss::{self, Miss};
use super::receipt::{CompletionReceipt, Receipt};
use super::request;
use super::spent::{Reserved, Sent, Spending, Spent};
use super::state::{Completion, Limits, Stop, Wanted};
use crate::config::money::usd_shown;
use crate::config::{self, ModelRef, Price};
use crate::workspace::{Amount, Exceeded, Loaded, Workspace};

/// Fewer tokens than this are no answer.
const ANSWER_TOKENS_MIN: u64 = 16;

/// How long a request waits for its provider's rate, where the workspace sets one.
const RATE_WAIT_MAX: Duration = Duration::from_secs(20);

const DAY_S: u64 = 24 * 60 * 60;

/// Stands for a price that is not known, where none has to be.
const FREE: Price = Price {
    input_pusd: 0,
    cached_input_pusd: 0,
    output_pusd: 0,
};

/// Asks models on behalf of a turn.
pub(super) struct Asking<'a> {
    pub(super) workspace: &'a Workspace,
    pub(super) agent: &'a config::Agent,
    pub(super) depth: u32,
    pub(super) live: &'a Live,
    pub(super) limits: Limits,
    /// The most tokens of the answer that were asked for.
    pub(super) max_tokens: Option<u32>,
    pub(super) allowance: &'a Allowance,
    pub(super) deadline: Instant,
    /// Set when those who follow have words to read.
    pub(super) read: &'a Arc<AtomicBool>,
    /// Nobody is told what is written: it is for the turn itself.
    pub(super) quiet: bool,
}

/// Why no model answered, and what it cost to try.
pub(super) struct NotCompleted {
    pub(super) fault: Fault,
    pub(super) receipt: Receipt,
    pub(super) completions: Vec<CompletionReceipt>,
}

impl Asking<'_> {
    /// Asks the models in order until one answers. One that answered earlier in the turn, `answered`, goes on.
    pub(super) async fn ask(
        &self,
        models: &[ModelRef],
        answered: &str,
        request: impl Fn(&ModelRef) -> Request,
    ) -> Result<Completion, NotCompleted> {
        let mut spending = Spending::new(self.allowance);
        let mut misses: Vec<Miss> = Vec::new();
        // Those that failed before the one that goes on are not asked again.
        let first = models
            .iter()
            .position(|model| model.to_string() == answered)
            .unwrap_or(0);
        let models = &models[first..];
        'models: for (place, model) in models.iter().enumerate() {
            let others = place + 1 < models.len();
            let mut retries = 0;
            loop {
                if let Some(last) = misses.last().filter(|_| !self.quiet) {
                    self.live.tell(Event::Retry {
                        agent: self.agent.name.clone(),
                        model: model.to_string(),
                        reason: last.reason.clone(),
                    });
                }
                let miss = match self.attempt(model, request(model), &mut spending).await {
                    Ok(mut completion) => {
                        let earlier = spending.take();
                        completion.receipt.add(&earlier.receipt);
                        completion.completions.splice(0..0, earlier.completions);
                        return Ok(completion);
                    }
                    Err(miss) => miss,
                };
                let agent = self.agent.name.as_str();
                tracing::warn!(agent, model = %model, code = miss.code, reason = miss.reason, "a model did not answer");
                let left = self.deadline.saturating_duration_since(Instant::now());
                let wait = miss
                    .wait
                    .as_ref()
                    .and_then(|wait| wait.after(retries, others, left));
                let pass_on = miss.pass_on;
                misses.push(miss);
                match wait {
                    Some(wait) => {
                        retries += 1;
                        tokio::time::sleep(wait).await;
                    }
                    None if pass_on => continue 'models,
                    None => break 'models,
                }
            }
        }
        let Spent {
            receipt,
            completions,
        } = spending.take();
        Err(NotCompleted {
            fault: miss::fault(&misses),
            receipt,
            completions,
        })
    }

    async fn attempt(
        &self,
        model: &ModelRef,
        mut request: Request,
        spending: &mut Spending<'_>,
    ) -> Result<Completion, Miss> {
        let loaded = self.workspace.component(&model.provider).await;
        let loaded = loaded.map_err(|e| miss::missing(model, &e))?;
        let reserved = self.reserve(model, &loaded, &request).await?;
        request.max_tokens = Some(reserved.max_tokens);
        let sent = Sent::new(self.allowance, model.to_string(), reserved);
        let written = Arc::new(AtomicBool::new(false));
        let call = Call {
            depth: self.depth,
            listener: Some(self.passing_on(&sent, &written)),
            ..Call::default()
        };
        let ended = loaded.component.complete(call, &request).await;
        let Called { value, receipt } = match ended {
            Ok(called) => called,
            Err(failed) => {
                // Where it did not get to ask its upstream, no model has read anything.
                let paid = failed.receipt.http_requests > 0 || sent.has_seen();
                spending.add(sent.missed(paid, Receipt::of_call(&failed.receipt)));
                return Err(miss::crashed(model, &failed));
            }
        };
        let receipt = Receipt::of_call(&receipt);
        match value {
            Ok(response) => {
                let written = written.load(Ordering::Relaxed);
                Ok(self.completed(response, receipt, sent, written))
            }
            Err(error) => {
                let paid = miss::is_paid(&error) || sent.has_seen();
                spending.add(sent.missed(paid, receipt));
                Err(miss::refused(model, &error))
            }
        }
    }

    /// Puts aside what a request may need, and waits until its provider may be asked.
    async fn reserve(
        &self,
        model: &ModelRef,
        loaded: &Arc<Loaded>,
        request: &Request,
    ) -> Result<Reserved, Miss> {
        let known = loaded.known(&model.model).await;
        let input = request::tokens(request);
        let day = today();
        let own = &self.agent.budget;
        let config = &self.workspace.state().config;
        let budgets_money = own.cost_pusd_per_day.or(config.budget.cost_pusd_per_day);
        let limits_money = self.allowance.limits_money();
        if known.price.is_none() && (limits_money || budgets_money.is_some()) {
            let what = match limits_money {
                true => "the limit `cost_usd` of the turn",
                false => "the budget `cost_usd_per_day`",
            };
            return Err(miss::not_made(Fault::Price {
                model: model.to_string(),
                provider: model.provider.clone(),
                model_id: model.model.clone(),
                what: what.to_owned(),
            }));
        }
        let price = known.price.unwrap_or(FREE);
        let input_pusd = input.saturating_mul(price.input_pusd);
        let (tokens_left, money_left) = self.allowance.left();

        // The answer may be as long as everything allows that has a say in it.
        let mut output = u64::from(self.limits.max_tokens);
        output = output.min(self.max_tokens.map_or(u64::MAX, u64::from));
        output = output.min(known.max_output.unwrap_or(u64::MAX));
        let wanted = output.min(ANSWER_TOKENS_MIN);
        if let Some(window) = known.context_window {
            output = output.min(window.saturating_sub(input));
            if output < wanted {
                return Err(miss::too_long(model, input, window));
            }
        }
        output = output.min(tokens_left.saturating_sub(input));
        if let Some(money) = money_left.filter(|_| price.output_pusd > 0) {
            output = output.min(money.saturating_sub(input_pusd) / price.output_pusd);
        }
        // Where that is too little for an answer, asking for what is wanted tells what it lacks.
        let output = output.max(wanted);
        let tokens = input.saturating_add(output);
        let cost_pusd = input_pusd.saturating_add(output.saturating_mul(price.output_pusd));
        let share = self
            .allowance
            .take(tokens, cost_pusd)
            .map_err(miss::not_made)?;
        let amount = Amount { tokens, cost_pusd };
        let ledger = self.workspace.ledger();
        let held = ledger.hold(day, &self.agent.name, own, &config.budget, amount);
        let held = held.map_err(|exceeded| miss::not_made(over_budget(&exceeded)))?;
        let left = self.deadline.saturating_duration_since(Instant::now());
        let rates = self.workspace.rates();
        let admitted = rates
            .admit(
                &model.provider,
                &loaded.spec.rate,
                tokens,
                left.min(RATE_WAIT_MAX),
            )
            .await
            .map_err(|too_soon| miss::too_soon(model, too_soon))?;
        Ok(Reserved {
            share,
            held,
            admitted,
            price: known.price,
            max_tokens: u32::try_from(output).unwrap_or(u32::MAX),
            input_tokens: input,
        })
    }

    fn completed(
        &self,
        response: Response,
        receipt: Receipt,
        sent: Sent<'_>,
        written: bool,
    ) -> Completion {
        let Response {
            parts,
            stop_reason,
            usage,
            ..
        } = response;
        let (mut text, mut calls, mut opaque) = (String::new(), Vec::new(), Vec::new());
        for part in parts {
            match part {
                Part::Text(more) => text.push_str(&more),
                Part::Call(call) => calls.push(Wanted {
                    id: call.id,
                    name: call.name,
                    arguments: call.arguments,
                }),
                Part::Opaque(json) => opaque.push(json),
                // Models that draw are for a later version of the contract; results are not a model's to give.
                Part::Image(_) | Part::Output(_) => {}
            }
        }
        // A provider that does not stream has said nothing yet.
        if !written && !text.is_empty() && !self.quiet {
            self.live.tell(Event::Delta {
                agent: self.agent.name.clone(),
                text: text.clone(),
            });
        }
        let bytes = |call: &Wanted| call.arguments.len() as u64;
        let bytes = text.len() as u64 + calls.iter().map(bytes).sum::<u64>();
        let model = sent.model().to_owned();
        let Spent {
            receipt,
            completions,
        } = sent.answered(&usage, bytes, receipt);
        let stop = match stop_reason {
            StopReason::EndTurn | StopReason::ToolCalls => Stop::EndTurn,
            StopReason::MaxTokens => Stop::MaxTokens,
            StopReason::StopText => Stop::StopText,
            StopReason::ContentFilter => Stop::ContentFilter,
        };
        Completion {
            model,
            text,
            calls,
            stop,
            opaque,
            receipt,
            completions,
        }
    }

    /// Counts what the model writes, and tells those who follow, as it writes it. `written` is set when they have words to
    /// read.
    fn passing_on(&self, sent: &Sent<'_>, written: &Arc<AtomicBool>) -> Listener {
        let (live, agent) = (self.live.clone(), self.agent.name.clone());
        let (seen, written, quiet) = (sent.seen(), Arc::clone(written), self.quiet);
        let read = Arc::clone(self.read);
        Listener::new(move |piece| {
            let agent = || agent.clone();
            seen.add(&piece);
            match piece {
                _ if quiet => {}
                Emitted::Delta(Delta::Text(text)) if !text.is_empty() => {
                    written.store(true, Ordering::Relaxed);
                    read.store(true, Ordering::Relaxed);
                    let agent = agent();
                    live.tell(Event::Delta { agent, text });
                }
                Emitted::Delta(Delta::Reasoning(text)) if !text.is_empty() => {
                    read.store(true, Ordering::Relaxed);
                    let agent = agent();
                    live.tell(Event::Reasoning { agent, text });
                }
                // A call itself is told when it is made.
                Emitted::Delta(_) | Emitted::Progress { .. } | Emitted::Log { .. } => {}
            }
        })
    }
}

fn over_budget(exceeded: &Exceeded) -> Fault {
    let Exceeded {
        agent,
        money,
        used,
        limit,
    } = exceeded;
    let (whose, file) = match agent {
        Some(agent) => (
            format!("the agent `{agent}`"),
            format!("agents/{agent}.toml"),
        ),
        None => ("the workspace".to_owned(), "caxton.toml".to_owned()),
    };
    let (amounts, key) = match money {
        true => {
            let (used, limit) = (usd_shown(*used), usd_shown(*limit));
            (format!("{used} of {limit} US dollars"), "cost_usd_per_day")
        }
        false => (format!("{used} of {limit} tokens"), "tokens_per_day"),
    };
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Fault::Budget {
        reason: format!(
            "{whose} has used or put aside {amounts} for today, and this request may need more than is left; wait until midnight UTC, or raise `{key}` under [budget] in {file}"
        ),
        retry_after_s: DAY_S - now.as_secs() % DAY_S,
    }
}
