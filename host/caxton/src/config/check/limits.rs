//! Reads limits and holds them against their ceilings.

use std::time::Duration;

use caxton_sandbox::{Limits, Overrides};

use crate::config::document::{Report, Table, Value};
use crate::config::fault::quoted;
use crate::config::limits::{
    Breaker, COST, DEPTH, FAILURES, FUEL, Field, HTTP_BYTES, HTTP_REQUESTS, LOG_BYTES, MAX_TOKENS,
    MEMORY, OUTPUT, PAUSE, PAUSE_MAX, TIME, TOKENS, TOOL_ROUNDS, TurnCeilings, TurnLimits, Unit,
};
use crate::config::money::{self, PUSD_PER_USD};
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
        max_tokens: set.max_tokens.unwrap_or(default.max_tokens),
        cost_pusd: set.cost_pusd.or(default.cost_pusd),
    }
}

/// Reads the `[breaker]` of an agent. Where only one of the two pauses is written down, the other one's default gives way.
pub(super) fn breaker(mut table: Table<'_>, report: &mut Report<'_>) -> Breaker {
    let default = Breaker::default();
    let failures = bounded(&mut table, FAILURES, report).map_or(default.failures, small);
    let pause_value = table.get(PAUSE.key);
    let pause = bounded(&mut table, PAUSE, report).map(Duration::from_millis);
    let pause_max = bounded(&mut table, PAUSE_MAX, report).map(Duration::from_millis);
    table.finish(report);
    if let (Some(value), Some(pause), Some(pause_max)) = (pause_value, pause, pause_max)
        && pause > pause_max
    {
        let shown = |pause| PAUSE.unit.toml(ms(pause));
        let reason = format!(
            "`{}` is {}, above `breaker.pause_max` of {}",
            value.name,
            shown(pause),
            shown(pause_max)
        );
        report.add(
            &value.span,
            "above-maximum",
            reason,
            "lower it, or raise `pause_max`",
        );
    }
    Breaker {
        failures,
        pause: pause
            .unwrap_or_else(|| pause_max.map_or(default.pause, |max| max.min(default.pause))),
        pause_max: pause_max
            .unwrap_or_else(|| pause.map_or(default.pause_max, |p| p.max(default.pause_max))),
    }
}

/// Reads one number within the bounds of its field: a count, bytes, milliseconds or pico-US-dollars.
pub(super) fn bounded(table: &mut Table<'_>, field: Field, report: &mut Report<'_>) -> Option<u64> {
    limit(table, field, None, "", report)
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
        max_tokens: read(MAX_TOKENS, ceilings.max_tokens.map(u64::from)).map(small),
        cost_pusd: read(COST, ceilings.cost_pusd),
    }
}

/// Reads one limit as a count, bytes, milliseconds or pico-US-dollars.
fn limit(
    table: &mut Table<'_>,
    field: Field,
    ceiling: Option<u64>,
    ceilings: &str,
    report: &mut Report<'_>,
) -> Option<u64> {
    let value = table.get(field.key)?;
    let example = format!("{} = {}", field.key, field.example);
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
        Unit::Usd => usd(&value, field, &example, report)?,
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

/// Reads an amount of US dollars.
fn usd(value: &Value<'_>, field: Field, example: &str, report: &mut Report<'_>) -> Option<u64> {
    let text = value.decimal(report, example)?;
    // What is nearer to nothing than a millionth would be rounded away somewhere.
    let least = field.min.max(PUSD_PER_USD / 1_000_000);
    let amount = money::pusd(text).filter(|amount| {
        (least..=field.max).contains(amount) || (field.min == 0 && money::is_zero(text))
    });
    if amount.is_none() {
        let bounds = format!(
            "between {} and {}",
            field.unit.toml(least),
            field.unit.toml(field.max)
        );
        let what = if field.min == 0 {
            format!("neither 0 nor {bounds}")
        } else {
            format!("not {bounds}")
        };
        report.add(
            &value.span,
            "out-of-range",
            format!(
                "`{}` is {} US dollars, which is {what}",
                value.name,
                quoted(text)
            ),
            format!("write an amount in that range, such as {example}"),
        );
    }
    amount
}

/// Gives `number` unless it is above the ceiling.
fn below(
    number: u64,
    ceiling: Option<u64>,
    field: Field,
    ceilings: &str,
    value: &Value<'_>,
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

/// Narrows a number whose field has a maximum below 2^32.
pub(super) fn small(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
