//! Reads what an agent remembers, and what it is told of a conversation.

use super::limits::bounded;
use crate::config::agent::{Context, ContextScope, Memory, Overflow, Recall, Scope};
use crate::config::document::{Report, Table};
use crate::config::fault::{Refusal, quoted};
use crate::config::limits::{RECALL_COUNT, RECALL_TOKENS, WINDOW};

/// Reads `[memory]`.
pub(super) fn memory(mut table: Table<'_>, report: &mut Report<'_>) -> Memory {
    let mut memory = Memory::default();
    if let Some(value) = table.get("enabled") {
        memory.enabled = value.flag(report, "enabled = true").unwrap_or_default();
    }
    if let Some(value) = table.get("scope") {
        let scope = value.parsed(report, "scope = \"workspace\"", |text| match text {
            "conversation" => Ok(Scope::Conversation),
            "agent" => Ok(Scope::Agent),
            "workspace" => Ok(Scope::Workspace),
            "global" => Ok(Scope::Global),
            _ => Err(Refusal::new(
                "bad-scope",
                format!("is {}", quoted(text)),
                "write \"conversation\", \"agent\", \"workspace\" or \"global\"",
            )),
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
