//! What costs, budgets, rates and prices mean, and what is wrong with bad ones: in `caxton.toml` and in agents.

use super::support::{faults, places, shown, sound};
use crate::config::{Budget, Price, Rate};

const WORKSPACE: &str = r#"
name = "w"
[limits.turn]
cost_usd = 0.5
max_tokens = 4_000
[budget]
cost_usd_per_day = 20
tokens_per_day = 5_000_000
[components.openai.rate]
requests_per_minute = 60
tokens_per_minute = 200_000
concurrent = 8
[components.openai.prices]
"gpt-5*" = { input = 1.25, cached_input = 0.125, output = 10 }
"gpt-5-mini" = { input = 0.25, output = 2 }
"vendor/model:free" = { input = 0, output = 0.0 }
"#;

#[test]
fn money_is_exact_and_defaults_keep_to_the_ceilings() {
    let agent = "name = \"a\"\ndescription = \"d\"\n";
    let limited = "name = \"b\"\ndescription = \"d\"\n[limits]\ncost_usd = 0.3\nmax_tokens = 100\n[budget]\ncost_usd_per_day = 1e-6";
    let checked = sound(&[
        ("caxton.toml", WORKSPACE),
        ("agents/a.toml", agent),
        ("agents/b.toml", limited),
    ]);
    let limits = |name: &str| {
        let limits = &checked.agents[name].limits;
        (limits.max_tokens, limits.cost_pusd)
    };
    assert_eq!(limits("a"), (4_000, Some(500_000_000_000)));
    assert_eq!(limits("b"), (100, Some(300_000_000_000)));
    assert_eq!(checked.agents["a"].budget, Budget::default());
    assert_eq!(
        checked.agents["b"].budget,
        Budget {
            cost_pusd_per_day: Some(1_000_000),
            tokens_per_day: None
        }
    );
    let workspace = checked.workspace;
    assert_eq!(
        workspace.budget,
        Budget {
            cost_pusd_per_day: Some(20_000_000_000_000),
            tokens_per_day: Some(5_000_000)
        }
    );
    let openai = &workspace.components["openai"];
    assert_eq!(
        openai.rate,
        Rate {
            requests_per_minute: Some(60),
            tokens_per_minute: Some(200_000),
            concurrent: Some(8)
        }
    );
    let price = |input_pusd, cached_input_pusd, output_pusd| {
        Some(Price {
            input_pusd,
            cached_input_pusd,
            output_pusd,
        })
    };
    for (model, expected) in [
        ("gpt-5", price(1_250_000, 125_000, 10_000_000)),
        ("gpt-5-mini", price(250_000, 250_000, 2_000_000)),
        ("vendor/model:free", price(0, 0, 0)),
        ("gpt-4", None),
    ] {
        assert_eq!(openai.price(model), expected, "{model}");
    }
}

/// Checks that `toml`, put below the name in `caxton.toml`, gives these faults: lines count from its own first.
fn check(toml: &str, expected: &[&str]) {
    let found = faults(&[("caxton.toml", &format!("name = \"w\"\n{toml}"))]);
    let places: Vec<String> = found
        .iter()
        .map(|fault| format!("{}:{} {}", fault.line - 1, fault.column, fault.code))
        .collect();
    assert_eq!(places, expected, "{toml}\n{}", shown(&found));
}

#[test]
fn bad_amounts() {
    for amount in [
        "0",
        "-1",
        "0.0000009",
        "1_000_001",
        "inf",
        "nan",
        "1e300",
        "1e-300",
        "-0.0",
    ] {
        check(
            &format!("[budget]\ncost_usd_per_day = {amount}"),
            &["2:20 out-of-range"],
        );
    }
    for amount in ["1", "0.000_001", "1e6", "+0.5", "1_000_000"] {
        check(&format!("[budget]\ncost_usd_per_day = {amount}"), &[]);
    }
    check(
        "[budget]\ncost_usd_per_day = \"$1\"\ntokens_per_day = 0\ncost_usd = 1",
        &["2:20 wrong-type", "3:18 out-of-range", "4:1 unknown-key"],
    );
    check(
        "[limits.turn]\ncost_usd = 0\nmax_tokens = 1_000_001",
        &["2:12 out-of-range", "3:14 out-of-range"],
    );
    check("budget = 1", &["1:10 wrong-type"]);
}

#[test]
fn bad_rates_and_prices() {
    check(
        "[components.openai.rate]\nrequests_per_minute = 0\ntokens_per_minute = 1.5\nconcurrent = 4294967296\nrequests = 1",
        &[
            "2:23 out-of-range",
            "3:21 wrong-type",
            "4:14 out-of-range",
            "5:1 unknown-key",
        ],
    );
    check(
        "[components.openai]\nrate = 1\nprices = 2",
        &["2:8 wrong-type", "3:10 wrong-type"],
    );
    check(
        "[components.openai.prices]\n\"a\" = { input = 1 }\n\"b\" = { inptu = 1, output = -1 }\n\"c\" = 1\n\" d\" = { input = 0.0000001, output = 0 }",
        &[
            "2:1 missing-key",
            "3:1 missing-key",
            "3:9 unknown-key",
            "3:29 out-of-range",
            "4:7 wrong-type",
            "5:1 bad-pattern",
            "5:18 out-of-range",
        ],
    );
    check(
        "[components.openai.prices.\"gpt-5\"]\ninput = 1",
        &["1:27 missing-key"],
    );
}

#[test]
fn an_agent_may_cost_no_more_than_its_workspace_allows() {
    let workspace = "name = \"w\"\n[limits.turn]\ncost_usd = 0.25\nmax_tokens = 1000";
    let agent =
        "name = \"a\"\ndescription = \"d\"\n[limits]\ncost_usd = 0.250000000001\nmax_tokens = 1001";
    let found = faults(&[("caxton.toml", workspace), ("agents/a.toml", agent)]);
    assert_eq!(
        places(&found),
        [
            "agents/a.toml:4:12 above-ceiling",
            "agents/a.toml:5:14 above-ceiling"
        ]
    );
    assert_eq!(
        found[0].reason,
        "`limits.cost_usd` is 0.250000000001, above the workspace's ceiling of 0.25"
    );
}
