//! Calls that only find out what another call needs: its table, its columns, its file.

use serde_json::Value;

use super::{Call, OFFERS_TRIED_MAX, Planner, Scope};
use crate::choose::{self, Offer, Ranked, THRESHOLD};
use crate::fill::{self, Filled};
use crate::text;

impl Planner<'_> {
    /// Finds a call that gives the table which `wanting` needs.
    pub(super) fn produce(&self, wanting: &Ranked, clause: usize) -> Option<Call> {
        // `Plot it` means what the clause before asks for.
        let text = &self.clauses[clause].text;
        let before = clause
            .checked_sub(1)
            .map(|before| self.clauses[before].text.clone());
        let subject = fill::heading(text)
            .or(before)
            .unwrap_or_else(|| text.clone());
        let ranked = choose::rank(
            &self.offers,
            &self.situation.tools,
            &subject,
            &self.situation.request,
            &self.facts,
            self.similar,
        );
        let reads_data = |candidate: &&Ranked| {
            let offer = &self.offers[candidate.offer];
            offer.tool != self.offers[wanting.offer].tool
                && offer.target.is_none()
                && !candidate.filled.wants_table
                && candidate.score >= THRESHOLD / 2.0
        };
        for candidate in ranked.iter().filter(reads_data).take(OFFERS_TRIED_MAX) {
            let offer = &self.offers[candidate.offer];
            if candidate.filled.wants_columns || candidate.filled.wants_path {
                if let Some(call) = self.discover(offer, &candidate.filled) {
                    return Some(call);
                }
            }
            let call = self.call(candidate, &subject, None);
            if candidate.filled.missing.is_empty()
                && candidate.filled.evidence > 0.0
                && !self.was_made(&call)
            {
                return Some(call);
            }
        }
        // Another agent may have the data.
        self.ask_for_data(&ranked, &subject, None)
    }

    /// Asks another agent that knows data, where there is one.
    pub(super) fn ask_for_data(
        &self,
        ranked: &[Ranked],
        text: &str,
        clause: Option<usize>,
    ) -> Option<Call> {
        const SOURCES: &[&str] = &["data", "tabl", "csv", "analysi", "number"];
        let candidate = ranked.iter().find(|candidate| {
            let offer = &self.offers[candidate.offer];
            let stems = text::stems(&offer.text);
            offer.target.is_some()
                && SOURCES
                    .iter()
                    .any(|word| stems.iter().any(|stem| stem == word))
                && !self.draws(offer)
        })?;
        let call = self.call(candidate, text, clause);
        (!self.was_made(&call)).then_some(call)
    }

    /// Finds a call that tells the columns or paths which `offer` needs: of the same component if there is one.
    pub(super) fn discover(&self, offer: &Offer, filled: &Filled) -> Option<Call> {
        const COLUMNS: &[&str] = &[
            "describ", "descript", "column", "schema", "header", "inspect", "profil", "preview",
        ];
        const PATHS: &[&str] = &["list", "file", "directory"];
        let (wanted, reason) = if filled.wants_path {
            (PATHS, "to find the file")
        } else {
            (COLUMNS, "to see the columns")
        };
        let component = |name: &str| {
            name.split_once("__")
                .map(|(component, _)| component.to_owned())
        };
        let own = component(&self.tool(offer).name);
        let mut best: Option<(i32, Call)> = None;
        for other in self
            .offers
            .iter()
            .filter(|other| other.target.is_none() && other.tool != offer.tool)
        {
            let tool = self.tool(other);
            // Only a tool whose first words say so: many descriptions mention columns.
            let head: Vec<String> = text::stems(&format!("{} {}", tool.name, tool.description))
                .into_iter()
                .take(14)
                .collect();
            let name = text::stems(&tool.name);
            let hits = |stems: &[String]| {
                wanted
                    .iter()
                    .filter(|word| stems.iter().any(|stem| stem.starts_with(*word)))
                    .count() as i32
            };
            let filled = self
                .filler(&self.situation.request, tool)
                .fill(&tool.parameters);
            if hits(&head) == 0
                || !filled.missing.is_empty()
                || filled.wants_columns
                || filled.wants_table
            {
                continue;
            }
            let is_same = own.is_some() && component(&tool.name) == own;
            let fits = 3 * hits(&name) + hits(&head);
            if fits < 3 {
                continue;
            }
            let score = fits + if is_same { 2 } else { 0 };
            let call = Call {
                tool: tool.name.clone(),
                arguments: Value::Object(filled.arguments),
                reason: reason.to_owned(),
                clause: None,
                asks: None,
                scope: Scope::default(),
            };
            if !self.was_made(&call) && best.as_ref().is_none_or(|(other, _)| score > *other) {
                best = Some((score, call));
            }
        }
        best.map(|(_, call)| call)
    }
}
