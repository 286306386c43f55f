//! Reads what an agent remembers, how much of that a workspace keeps, and what an agent is told of a conversation.

use super::limits::bounded;
use crate::config::agent::{Context, ContextScope, Memory, Overflow, Recall, Scope};
use crate::config::document::{Report, Table};
use crate::config::fault::{Refusal, quoted};
use crate::config::limits::{KEEP_COUNT, KEEP_DAYS, RECALL_COUNT, RECALL_TOKENS, WINDOW};
use crate::config::workspace::{Keep, Keeping};

/// Reads `[memory]`.
pub(super) fn memory(mut table: Table<'_>, report: &mut Report<'_>) -> Memory {
    let mut memory = Memory::default();
    if let Some(value) = table.get("enabled") {
        memory.enabled = value.flag(report, "enabled = true").unwrap_or_default();
    }
    if let Some(value) = table.get("scope") {
        let scope = value.parsed(report, "scope = \"workspace\"", |text| {
            let known = Scope::ALL.into_iter().find(|scope| scope.name() == text);
            known.ok_or_else(|| {
                Refusal::new(
                    "bad-scope",
                    format!("is {}", quoted(text)),
                    "write \"conversation\", \"agent\", \"workspace\" or \"global\"",
                )
            })
        });
        memory.scope = scope.unwrap_or_default();
    }
    if let Some(value) = table.get("auto_store") {
        memory.auto_store = value
            .flag(report, "auto_store = false")
            .unwrap_or(memory.auto_store);
    }
    if let Some(table) = table
        .get("search")
        .and_then(|value| value.table(report, "[memory.search]"))
    {
        memory.search = recall(table, report);
    }
    table.finish(report);
    memory
}

/// Reads `[memory.search]`.
fn recall(mut table: Table<'_>, report: &mut Report<'_>) -> Recall {
    let mut recall = Recall::default();
    if let Some(count) = bounded(&mut table, RECALL_COUNT, report) {
        recall.count = u32::try_from(count).unwrap_or(recall.count);
    }
    if let Some(tokens) = bounded(&mut table, RECALL_TOKENS, report) {
        recall.tokens = tokens;
    }
    if let Some(value) = table.get("similarity_min") {
        let least = value.number(report, 0.0..=1.0, "similarity_min = 0.3");
        // Cosines are compared in single precision.
        recall.similarity_min = least.map_or(recall.similarity_min, |least| least as f32);
    }
    table.finish(report);
    recall
}

/// Reads the workspace's `[memory]`: how much is kept, of every scope and of kinds of them.
pub(super) fn keeping(mut table: Table<'_>, report: &mut Report<'_>) -> Keeping {
    let mut keeping = Keeping::default();
    if let Some(mut table) = table
        .get("keep")
        .and_then(|value| value.table(report, "[memory.keep]"))
    {
        let all = keep(&mut table, Keep::default(), report);
        let mut of = |kind: &'static str| {
            let shown = format!("[memory.keep.{kind}]");
            let own = table
                .get(kind)
                .and_then(|value| value.table(report, &shown));
            own.map_or(all, |mut own| {
                let own_keep = keep(&mut own, all, report);
                own.finish(report);
                own_keep
            })
        };
        keeping = Keeping {
            conversation: of("conversation"),
            agent: of("agent"),
            workspace: of("workspace"),
            global: of("global"),
        };
        table.finish(report);
    }
    table.finish(report);
    keeping
}

/// Reads how much is kept; what is not said is as in `otherwise`.
fn keep(table: &mut Table<'_>, otherwise: Keep, report: &mut Report<'_>) -> Keep {
    let days = bounded(table, KEEP_DAYS, report).and_then(|days| u32::try_from(days).ok());
    Keep {
        days: days.or(otherwise.days),
        count: bounded(table, KEEP_COUNT, report).or(otherwise.count),
    }
}

/// Reads `[context]`. `tokens` is the limit of a turn, which a window above it could only break.
pub(super) fn context(
    mut table: Table<'_>,
    tokens: Option<u64>,
    report: &mut Report<'_>,
) -> Context {
    let mut context = Context::default();
    if let Some(value) = table.get(WINDOW.key) {
        context.window_tokens = bounded(&mut table, WINDOW, report);
        if let (Some(window), Some(tokens)) = (context.window_tokens, tokens)
            && window >= tokens
        {
            let reason = format!(
                "`{}` is {window}, which leaves nothing of the {tokens} tokens of a turn",
                value.name
            );
            report.add(
                &value.span,
                "above-maximum",
                reason,
                "lower it, or raise `tokens` under [limits]",
            );
        }
    }
    if let Some(value) = table.get("overflow") {
        let overflow = value.parsed(report, "overflow = \"summarise\"", |text| match text {
            "drop" => Ok(Overflow::Drop),
            "summarise" | "summarize" => Ok(Overflow::Summarise),
            _ => Err(Refusal::new(
                "bad-overflow",
                format!("is {}", quoted(text)),
                "write \"drop\" or \"summarise\"",
            )),
        });
        context.overflow = overflow.unwrap_or_default();
    }
    if let Some(value) = table.get("scope") {
        let scope = value.parsed(report, "scope = \"agent\"", |text| match text {
            "shared" => Ok(ContextScope::Shared),
            "agent" => Ok(ContextScope::Agent),
            _ => Err(Refusal::new(
                "bad-scope",
                format!("is {}", quoted(text)),
                "write \"shared\" or \"agent\"",
            )),
        });
        context.scope = scope.unwrap_or_default();
    }
    table.finish(report);
    context
}
