//! Reads what may be used beyond a single call or turn: budgets of a day, and a provider's rate and prices.

use std::ops::Range;

use super::limits::{bounded, small};
use crate::config::document::{Report, Table, Value};
use crate::config::glob::Glob;
use crate::config::limits::{
    Budget, CACHED_INPUT, CONCURRENT, COST_PER_DAY, INPUT, OUTPUT_PRICE, REQUESTS_PER_MINUTE, Rate,
    TOKENS_PER_DAY, TOKENS_PER_MINUTE,
};
use crate::config::money::{Price, Prices};

/// Reads `[budget]`.
pub(super) fn budget(mut table: Table<'_>, report: &mut Report<'_>) -> Budget {
    let budget = Budget {
        cost_pusd_per_day: bounded(&mut table, COST_PER_DAY, report),
        tokens_per_day: bounded(&mut table, TOKENS_PER_DAY, report),
    };
    table.finish(report);
    budget
}

/// Reads `[components.NAME.rate]`.
pub(super) fn rate(mut table: Table<'_>, report: &mut Report<'_>) -> Rate {
    let rate = Rate {
        requests_per_minute: bounded(&mut table, REQUESTS_PER_MINUTE, report).map(small),
        tokens_per_minute: bounded(&mut table, TOKENS_PER_MINUTE, report),
        concurrent: bounded(&mut table, CONCURRENT, report).map(small),
    };
    table.finish(report);
    rate
}

/// Reads `[components.NAME.prices]`, whose keys are ids of models or patterns.
pub(super) fn prices(table: &Table<'_>, report: &mut Report<'_>) -> Prices {
    let mut prices = Vec::new();
    for (model, span, value) in table.entries() {
        let glob = Glob::parse_model(model)
            .map_err(|refusal| report.refuse(&span, "prices", refusal))
            .ok();
        let price = price(&span, &value, report);
        prices.extend(glob.zip(price));
    }
    Prices::new(prices)
}

fn price(span: &Range<usize>, value: &Value<'_>, report: &mut Report<'_>) -> Option<Price> {
    const EXAMPLE: &str =
        "prices.\"gpt-5-mini\" = { input = 0.25, cached_input = 0.025, output = 2 }";
    let mut table = value.table(report, EXAMPLE)?;
    // An inline table begins where its braces do, and one with a header at the model's name.
    table.span = span.clone();
    let mut read = |field| {
        let per_million = bounded(&mut table, field, report)?;
        // Half a pico-US-dollar and more is one.
        Some((per_million + 500_000) / 1_000_000)
    };
    let (input, cached_input, output) = (read(INPUT), read(CACHED_INPUT), read(OUTPUT_PRICE));
    for (key, example) in [("input", "input = 0.25"), ("output", "output = 2")] {
        // A price of which half is missing would make every sum wrong.
        table.require(key, report, example);
    }
    table.finish(report);
    Some(Price {
        input_pusd: input?,
        cached_input_pusd: cached_input.or(input)?,
        output_pusd: output?,
    })
}
