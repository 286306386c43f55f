//! Reads limits and holds them against their ceilings.

use std::time::Duration;

use caxton_sandbox::{Limits, Overrides};

use crate::config::document::{Report, Table};
use crate::config::limits::{
    DEPTH, FUEL, Field, HTTP_BYTES, HTTP_REQUESTS, LOG_BYTES, MEMORY, OUTPUT, TIME, TOKENS,
    TOOL_ROUNDS, TurnCeilings, TurnLimits, Unit,
};
use crate::config::units;

/// Reads the limits of a component, none above `ceiling` where there is one.
pub(super) fn component(
    mut table: Table<'_>,
    ceiling: Option<&Limits>,
    report: &mut Report<'_>,
) -> Overrides {
    let overrides = overrides(&mut table, ceiling, report);
    table.finish(report);
    overrides
}

/// Reads `[limits]`: ceilings for components, and under `turn` for agents.
pub(super) fn ceilings(mut table: Table<'_>, report: &mut Report<'_>) -> (Limits, TurnCeilings) {
    let set = overrides(&mut table, None, report);
    let turn = table
        .get("turn")
        .and_then(|value| value.table(report, "[limits.turn]"));
    table.finish(report);
    let most = Limits::ceiling();
    let components = Limits {
        fuel: set.fuel.unwrap_or(most.fuel),
        memory_bytes: set.memory_bytes.unwrap_or(most.memory_bytes),
        time: set.time.unwrap_or(most.time),
        output_bytes: set.output_bytes.unwrap_or(most.output_bytes),
        http_requests: set.http_requests.unwrap_or(most.http_requests),
        http_bytes: set.http_bytes.unwrap_or(most.http_bytes),
        log_bytes: set.log_bytes.unwrap_or(most.log_bytes),
        depth: set.depth.unwrap_or(most.depth),
    };
    let turn = turn.map(|mut table| {
        let ceilings = turn_values(&mut table, &TurnCeilings::default(), report);
        table.finish(report);
        ceilings
    });
    (components, turn.unwrap_or_default())
}

/// Reads the `[limits]` of an agent.
pub(super) fn turn(
    mut table: Table<'_>,
    ceilings: &TurnCeilings,
    report: &mut Report<'_>,
) -> TurnLimits {
    let set = turn_values(&mut table, ceilings, report);
    table.finish(report);
    let default = TurnLimits::default_under(ceilings);
    TurnLimits {
        tool_rounds: set.tool_rounds.unwrap_or(default.tool_rounds),
        time: set.time.unwrap_or(default.time),
        tokens: set.tokens.unwrap_or(default.tokens),
    }
}

fn overrides(
    table: &mut Table<'_>,
    ceiling: Option<&Limits>,
    report: &mut Report<'_>,
) -> Overrides {
    let mut read =
        |field: Field, ceiling: Option<u64>| limit(table, field, ceiling, "limits", report);
    Overrides {
        fuel: read(FUEL, ceiling.map(|c| c.fuel)),
        memory_bytes: read(MEMORY, ceiling.map(|c| c.memory_bytes)),
        time: read(TIME, ceiling.map(|c| ms(c.time))).map(Duration::from_millis),
        output_bytes: read(OUTPUT, ceiling.map(|c| c.output_bytes)),
        http_requests: read(HTTP_REQUESTS, ceiling.map(|c| c.http_requests.into())).map(small),
        http_bytes: read(HTTP_BYTES, ceiling.map(|c| c.http_bytes)),
        log_bytes: read(LOG_BYTES, ceiling.map(|c| c.log_bytes)),
        depth: read(DEPTH, ceiling.map(|c| c.depth.into())).map(small),
    }
}

fn turn_values(
    table: &mut Table<'_>,
    ceilings: &TurnCeilings,
    report: &mut Report<'_>,
) -> TurnCeilings {
    let mut read =
        |field: Field, ceiling: Option<u64>| limit(table, field, ceiling, "limits.turn", report);
    TurnCeilings {
        tool_rounds: read(TOOL_ROUNDS, ceilings.tool_rounds.map(u64::from)).map(small),
        time: read(TIME, ceilings.time.map(ms)).map(Duration::from_millis),
        tokens: read(TOKENS, ceilings.tokens),
    }
}

/// Reads one limit as a count, bytes or milliseconds.
fn limit(
    table: &mut Table<'_>,
    field: Field,
    ceiling: Option<u64>,
    ceilings: &str,
    report: &mut Report<'_>,
) -> Option<u64> {
    let value = table.get(field.key)?;
    let example = match field.unit {
        Unit::Count if field.key == FUEL.key => "fuel = 500_000_000".to_owned(),
        Unit::Count => format!("{} = 8", field.key),
        Unit::Bytes => format!("{} = \"64 MiB\"", field.key),
        Unit::Time => format!("{} = \"2s\"", field.key),
    };
    let number = match field.unit {
        Unit::Count => {
            return below(
                value.whole(report, field.min..=field.max, &example)?,
                ceiling,
                field,
                ceilings,
                &value,
                report,
            );
        }
        Unit::Bytes if value.is_whole() => value.whole(report, 0..=u64::MAX, &example)?,
        Unit::Bytes => value.parsed(report, &example, units::bytes)?,
        Unit::Time if value.is_whole() => {
            let reason = format!("`{}` is a number without a unit", value.name);
            report.add(
                &value.span,
                "bad-duration",
                reason,
                format!("write {example}"),
            );
            return None;
        }
        Unit::Time => ms(value.parsed(report, &example, units::duration)?),
    };
    if !(field.min..=field.max).contains(&number) {
        let (min, max) = (field.unit.toml(field.min), field.unit.toml(field.max));
        let reason = format!(
            "`{}` is {}, which is not between {min} and {max}",
            value.name,
            field.unit.toml(number)
        );
        report.add(
            &value.span,
            "out-of-range",
            reason,
            format!("write a value in that range, such as {example}"),
        );
        return None;
    }
    below(number, ceiling, field, ceilings, &value, report)
}

/// Gives `number` unless it is above the ceiling.
fn below(
    number: u64,
    ceiling: Option<u64>,
    field: Field,
    ceilings: &str,
    value: &crate::config::document::Value<'_>,
    report: &mut Report<'_>,
) -> Option<u64> {
    match ceiling {
        Some(ceiling) if number > ceiling => {
            let (number, ceiling) = (field.unit.toml(number), field.unit.toml(ceiling));
            let reason = format!(
                "`{}` is {number}, above the workspace's ceiling of {ceiling}",
                value.name
            );
            let remedy = format!(
                "lower it, or raise `{ceilings}.{}` in caxton.toml",
                field.key
            );
            report.add(&value.span, "above-ceiling", reason, remedy);
            None
        }
        _ => Some(number),
    }
}

fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Narrows a number whose field has a maximum far below 2^32.
fn small(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
