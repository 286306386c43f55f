//! Planning: which calls to make next. The plan of a request is found again at each step from the beginning, with the
//! results that are there by then; so nothing needs to be remembered between two steps, and the same request always
//! takes the same way.

mod data;
mod scope;

use serde_json::{Map, Value, json};

use crate::choose::{self, Offer, Ranked, THRESHOLD};
use crate::facts::{Facts, Similar};
use crate::fill::Filler;
use crate::schema::Want;
use crate::situation::{Output, Situation, Tool};
use crate::text;
use crate::words;

pub use scope::{NOT_RESTRICTED, Scope};

/// The most rounds of calls for one request.
const ROUNDS_MAX: usize = 10;
/// The offers that are tried for one clause, best first.
const OFFERS_TRIED_MAX: usize = 4;
/// The rows of a table that are passed on to another agent.
const ROWS_PASSED_MAX: usize = 200;

/// A call to make.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The tool's name.
    pub tool: String,
    /// Its arguments.
    pub arguments: Value,
    /// Why, for people.
    pub reason: String,
    /// The clause that it answers; a call that only finds out what another needs has none.
    pub clause: Option<usize>,
    /// The capability of another agent that is asked.
    pub asks: Option<String>,
    /// Which rows it is about.
    pub scope: Scope,
}

/// A clause with what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Clause {
    /// Its text.
    pub text: String,
    /// What became of it.
    pub state: State,
}

/// What became of a clause.
#[derive(Debug, Clone, PartialEq)]
pub enum State {
    /// Not answered so far.
    Open,
    /// A call was made for it.
    Called(Call, Output),
    /// No tool fits.
    NoTool,
    /// A tool fits, but nothing was found for these of its parameters.
    Missing(String, Vec<String>),
}

/// What to do.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The calls to make now; none when all is done.
    pub calls: Vec<Call>,
    /// The clauses.
    pub clauses: Vec<Clause>,
    /// Calls that were only to find something out, and failed.
    pub failed: Vec<(String, String)>,
    /// What other agents, asked for data, could not restrict, in their words.
    pub told: Vec<String>,
}

/// Finds what to do next.
pub fn next(situation: &Situation, similar: Similar<'_>) -> Plan {
    let mut planner = Planner::new(situation, similar);
    let mut done = vec![false; situation.steps.len()];
    for _ in 0..ROUNDS_MAX {
        let calls = planner.round();
        let mut open = Vec::new();
        for call in calls {
            let found = (0..done.len()).find(|at| {
                !done[*at]
                    && situation.steps[*at].tool == call.tool
                    && situation.steps[*at].arguments == call.arguments
            });
            match found {
                Some(at) => {
                    done[at] = true;
                    planner.take_in(call, &situation.steps[at].output);
                }
                None => open.push(call),
            }
        }
        if !open.is_empty() {
            return planner.plan(open);
        }
        if planner.is_idle {
            break;
        }
    }
    planner.plan(Vec::new())
}

struct Planner<'a> {
    situation: &'a Situation,
    similar: Similar<'a>,
    offers: Vec<Offer>,
    facts: Facts,
    clauses: Vec<Clause>,
    /// Every call that was planned, so that none is made twice.
    made: Vec<Call>,
    failed: Vec<(String, String)>,
    told: Vec<String>,
    /// How many tables the request itself has.
    tables_given: usize,
    /// The last round had nothing to call.
    is_idle: bool,
}

impl<'a> Planner<'a> {
    fn new(situation: &'a Situation, similar: Similar<'a>) -> Self {
        let mut context: Vec<&str> = situation.earlier.iter().map(String::as_str).collect();
        context.push(&situation.instructions);
        let mut facts = Facts::of_request(&situation.request, &context);
        // What was learnt about columns earlier in the conversation still holds; tables do not, they answer other questions.
        let tables = std::mem::take(&mut facts.tables);
        situation
            .earlier
            .iter()
            .rev()
            .for_each(|text| facts.add_result(text));
        facts.tables = tables;
        let mut clauses: Vec<Clause> = scope::joined(text::clauses(&situation.request))
            .into_iter()
            .map(|text| Clause {
                text,
                state: State::Open,
            })
            .collect();
        if clauses.is_empty() && !situation.request.trim().is_empty() {
            clauses.push(Clause {
                text: situation.request.trim().to_owned(),
                state: State::Open,
            });
        }
        Self {
            offers: choose::offers(&situation.tools),
            situation,
            similar,
            tables_given: facts.tables.len(),
            facts,
            clauses,
            made: Vec::new(),
            failed: Vec::new(),
            told: Vec::new(),
            is_idle: false,
        }
    }

    fn plan(self, calls: Vec<Call>) -> Plan {
        Plan {
            calls,
            clauses: self.clauses,
            failed: self.failed,
            told: self.told,
        }
    }

    fn tool(&self, offer: &Offer) -> &'a Tool {
        &self.situation.tools[offer.tool]
    }

    /// Takes in what a call gave.
    fn take_in(&mut self, call: Call, output: &Output) {
        if !output.is_error {
            self.facts.add_result(&output.text);
        }
        match call.clause {
            Some(clause) => self.clauses[clause].state = State::Called(call, output.clone()),
            None if call.asks.is_some() && !output.is_error => {
                let lines = output.text.lines();
                let told = lines.filter(|line| line.starts_with(NOT_RESTRICTED));
                self.told.extend(told.map(str::to_owned));
            }
            None if output.is_error => self.failed.push((call.tool, output.text.clone())),
            None => {}
        }
    }

    /// Gives the calls that can be made now, side by side.
    fn round(&mut self) -> Vec<Call> {
        let mut calls: Vec<Call> = Vec::new();
        for clause in 0..self.clauses.len() {
            if self.clauses[clause].state != State::Open {
                continue;
            }
            match self.decide(clause, !calls.is_empty()) {
                Decision::Call(call) => {
                    self.made.push(call.clone());
                    calls.push(call);
                }
                Decision::Wait => {}
                Decision::Give(state) => self.clauses[clause].state = state,
            }
        }
        self.is_idle = calls.is_empty();
        calls
    }

    /// Decides about one clause. `others_run` says that calls for other clauses go out in the same round.
    fn decide(&self, clause: usize, others_run: bool) -> Decision {
        let text = &self.clauses[clause].text;
        let ranked = choose::rank(
            &self.offers,
            &self.situation.tools,
            text,
            &self.situation.request,
            &self.facts,
            self.similar,
        );
        let threshold = if self.situation.must_call && clause == 0 {
            f32::MIN
        } else {
            THRESHOLD
        };
        let mut missing = None;
        for candidate in ranked
            .iter()
            .filter(|candidate| candidate.score >= threshold)
            .take(OFFERS_TRIED_MAX)
        {
            let offer = &self.offers[candidate.offer];
            let asks = offer.target.is_some();
            if self.is_for_another(clause, offer) {
                continue;
            }
            let has_table = self.filler(text, self.tool(offer)).table().is_some();
            if candidate.filled.wants_table || (asks && !has_table && self.draws(offer)) {
                if others_run {
                    return Decision::Wait;
                }
                if let Some(call) = self.produce(candidate, clause) {
                    return Decision::Call(call);
                }
            }
            if candidate.filled.wants_columns || candidate.filled.wants_path {
                let discovery = self.discover(offer, &candidate.filled);
                if let Some(call) = discovery {
                    return Decision::Call(call);
                }
                if others_run && !candidate.filled.missing.is_empty() {
                    return Decision::Wait;
                }
            }
            if !candidate.filled.missing.is_empty() {
                missing.get_or_insert_with(|| {
                    State::Missing(
                        self.tool(offer).name.clone(),
                        candidate.filled.missing.clone(),
                    )
                });
                continue;
            }
            let call = self.call(candidate, text, Some(clause));
            if !self.was_made(&call) {
                return Decision::Call(call);
            }
        }
        // A question about totals is worth passing on, however little it resembles what the other agent says of itself.
        if words::asks_for_totals(text)
            && let Some(call) = self.ask_for_data(&ranked, text, Some(clause))
        {
            return Decision::Call(call);
        }
        Decision::Give(missing.unwrap_or(State::NoTool))
    }

    fn filler<'b>(&'b self, clause: &'b str, tool: &'b Tool) -> Filler<'b> {
        Filler {
            clause,
            request: &self.situation.request,
            facts: &self.facts,
            similar: self.similar,
            tool_words: &tool.words,
            takes_table: false,
        }
    }

    /// Whether an offer works on a table and another clause asks for it by name: `How much per month? Plot it.` wants one
    /// plot, not two.
    fn is_for_another(&self, clause: usize, offer: &Offer) -> bool {
        let tool = self.tool(offer);
        let takes_table = tool
            .parameters
            .iter()
            .any(|parameter| parameter.required && matches!(parameter.want, Want::Table(_)));
        let names = |clause: &Clause| {
            choose::is_named(
                tool,
                offer,
                &text::stems(&text::without_paths(&clause.text)),
            )
        };
        takes_table && !names(&self.clauses[clause]) && self.clauses.iter().any(names)
    }

    fn was_made(&self, call: &Call) -> bool {
        self.made
            .iter()
            .any(|made| made.tool == call.tool && made.arguments == call.arguments)
    }

    /// Whether another agent's capability is drawing, so that the data have to be sent along.
    fn draws(&self, offer: &Offer) -> bool {
        let stems = text::stems(&offer.text);
        ["chart", "plot", "graph", "diagram", "visual", "draw"]
            .iter()
            .any(|word| stems.iter().any(|stem| stem.starts_with(word)))
    }

    /// Makes the call of a ranked offer.
    fn call(&self, ranked: &Ranked, clause_text: &str, clause: Option<usize>) -> Call {
        let offer = &self.offers[ranked.offer];
        let tool = self.tool(offer);
        let mut arguments: Map<String, Value> = ranked.filled.arguments.clone();
        let mut asks = None;
        if let Some(target) = &offer.target {
            arguments.insert(target.parameter.clone(), target.value.clone());
            arguments.insert(
                target.message.clone(),
                json!(self.message(clause_text, tool)),
            );
            asks = target.value.as_str().map(str::to_owned);
        }
        let purpose = if clause.is_some() {
            "fits"
        } else {
            "gives the data for"
        };
        let reason = format!(
            "{} {purpose} “{clause_text}” (score {:.2})",
            asks.as_ref().unwrap_or(&tool.name),
            ranked.score
        );
        let arguments = Value::Object(arguments);
        Call {
            tool: tool.name.clone(),
            scope: self.scope(clause_text, offer, &arguments),
            arguments,
            reason,
            clause,
            asks,
        }
    }

    /// The message to another agent: the clause, and with it the data that it can't see.
    fn message(&self, clause: &str, tool: &Tool) -> String {
        match self.filler(clause, tool).table() {
            Some(table) => {
                let mut table = table.clone();
                table.rows.truncate(ROWS_PASSED_MAX);
                format!("{clause}.\n\n{}", table.to_json())
            }
            None if text::paths(clause).is_empty() && self.facts.paths_asked > 0 => {
                format!("{clause}, from {}.", self.facts.paths[0])
            }
            None => clause.to_owned(),
        }
    }
}

enum Decision {
    /// Call this.
    Call(Call),
    /// Wait for the results of the calls of other clauses.
    Wait,
    /// Nothing to call: this became of it.
    Give(State),
}

#[cfg(test)]
mod tests;
