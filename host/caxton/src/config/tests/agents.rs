//! Agents: what their TOML means, and what is wrong with bad ones.

use std::time::Duration;

use super::support::{faults, places, shown, sound};
use crate::config::{AgentContext, MEMORY_TOOLS, Scope, check_agent};

const ANALYST: &str = r#"
name = "analyst"
version = "1.0.0"
description = "Answers questions about tables."
capabilities = ["data-analysis", { name = "charting", version = "1.2", description = "draws charts from data" }]
tools = ["csv__*", "chart__render"]
model = "openai/gpt-5-mini"
temperature = 0.5
system_prompt = """
You are {{agent}}.
"""
user_prompt_template = "{{request}}"

[memory]
enabled = true
scope = "agent"

[limits]
tool_rounds = 6
time = "30s"
tokens = 10_000
"#;

#[test]
fn every_key_of_the_interface_is_understood() {
    let checked = sound(&[
        ("caxton.toml", "name = \"w\""),
        ("agents/analyst.toml", ANALYST),
        ("agents/notes.md", "x"),
    ]);
    let agent = &checked.agents["analyst"];
    assert_eq!(agent.version.to_string(), "1.0.0");
    assert_eq!(agent.capabilities[1].version.to_string(), "1.2.0");
    assert!(
        agent.may_call("csv__describe")
            && agent.may_call("chart__render")
            && !agent.may_call("chart__other")
    );
    assert!(agent.delegate("anything").is_some() && agent.offers("charting"));
    assert_eq!(
        agent.system_prompt.render(|_| "analyst"),
        "You are analyst.\n"
    );
    assert_eq!(
        (agent.memory.enabled, agent.memory.scope),
        (true, Scope::Agent)
    );
    assert_eq!(
        (
            agent.limits.tool_rounds,
            agent.limits.time,
            agent.limits.tokens
        ),
        (6, Duration::from_secs(30), 10_000)
    );
    assert_eq!(checked.files, ["agents/analyst.toml", "caxton.toml"]);
}

#[test]
fn an_agent_without_settings_has_no_tools_and_sane_limits() {
    let agent = check_agent(
        "name = \"a\"\ndescription = \" Talks. \"",
        "agents/a.toml",
        &AgentContext::none(),
    )
    .unwrap();
    assert!(agent.tools.is_empty() && !agent.may_call("csv__describe"));
    assert_eq!(agent.description, "Talks.");
    assert_eq!(
        (agent.limits.tool_rounds, agent.limits.time),
        (8, Duration::from_secs(60))
    );
    assert_eq!(agent.user_prompt_template.render(|_| "hello"), "hello");
    assert!(!agent.memory.enabled && agent.memory.auto_store);
}

/// Checks that `toml`, put below a valid name and description, gives these faults: lines count from its own first.
fn check_table(toml: &str, expected: &[&str]) {
    let text = format!("name = \"a\"\ndescription = \"d\"\n{toml}");
    let workspace = "name = \"w\"\n[limits.turn]\ntokens = 60_000\ntime = \"90s\"\n[components.own]\nsource = \"builtin:csv\"";
    let found = faults(&[("caxton.toml", workspace), ("agents/a.toml", &text)]);
    let places: Vec<String> = found
        .iter()
        .map(|fault| {
            format!(
                "{}:{} {}",
                i64::from(fault.line) - 2,
                fault.column,
                fault.code
            )
        })
        .collect();
    assert_eq!(places, expected, "{toml}\n{}", shown(&found));
}

#[test]
fn bad_values() {
    check_table("version = \"1.0\"", &["1:11 bad-version"]);
    check_table("version = 1.0", &["1:11 wrong-type"]);
    check_table(
        "capabilities = [\"Data\", 1, \"x\", \"x\", {}]",
        &[
            "1:17 bad-capability",
            "1:25 wrong-type",
            "1:33 duplicate-capability",
            "1:38 missing-key",
        ],
    );
    check_table(
        "capabilities = [{ name = \"x\", version = \"one\", desc = \"\" }]",
        &["1:41 bad-version", "1:48 unknown-key"],
    );
    check_table("capabilities = \"x\"", &["1:16 wrong-type"]);
    check_table(
        "model = \"gpt\"\ntemperature = 3",
        &["1:9 bad-model", "2:15 out-of-range"],
    );
    check_table(
        "model = \"opnai/gpt\"\ntemperature = \"hot\"",
        &["1:9 unknown-provider", "2:15 wrong-type"],
    );
    check_table(
        "[memory]\nenabled = \"yes\"\nscope = \"all\"\nsize = 1\nauto_store = 1",
        &[
            "2:11 wrong-type",
            "3:9 bad-scope",
            "4:1 unknown-key",
            "5:14 wrong-type",
        ],
    );
    check_table(
        "[memory.search]\ncount = 101\nsimilarity_min = 1.5\ntokens = 0\nlimit = 3",
        &[
            "2:9 out-of-range",
            "3:18 out-of-range",
            "4:10 out-of-range",
            "5:1 unknown-key",
        ],
    );
    check_table(
        "[memory]\nenabled = true\nscope = \"conversation\"\nsearch = { count = 0, similarity_min = 0, tokens = 500 }",
        &[],
    );
    check_table(
        "[limits]\ntool_rounds = -1\ntime = \"2m\"\ntokens = 60_001\nfuel = 1",
        &[
            "2:15 out-of-range",
            "3:8 above-ceiling",
            "4:10 above-ceiling",
            "5:1 unknown-key",
        ],
    );
    check_table("sytem_prompt = \"\"", &["1:1 unknown-key"]);
}

#[test]
fn bad_allowlists() {
    check_table(
        "tools = [\"csv__*\", \"own__x\", \"*\", \"*__render\", \"c*__parse\"]",
        &[],
    );
    check_table(
        "tools = [\"cvs__*\", \"csv\", \"csv__\", \"a b\", 1]",
        &[
            "1:10 unknown-component",
            "1:20 bad-pattern",
            "1:27 bad-pattern",
            "1:36 bad-pattern",
            "1:43 wrong-type",
        ],
    );
    check_table(
        "tools = [\"zz*\"]\ndelegates = [\"charting\", \"Ü\", \"a@new\"]",
        &[
            "1:10 bad-pattern",
            "2:14 unknown-capability",
            "2:26 bad-pattern",
            "2:31 bad-requirement",
        ],
    );
}

#[test]
fn an_agent_that_remembers_has_the_tools_for_it() {
    check_table(
        "tools = [\"memory__search\", \"memory__*\", \"memory__r*\"]\n[memory]\nenabled = true",
        &[],
    );
    check_table(
        "tools = [\"memory__serch\", \"memory__search\"]",
        &["1:10 unknown-tool", "1:27 no-memory"],
    );
    let check = |toml: &str, expected: &[&str]| {
        let toml = format!("name = \"a\"\ndescription = \"d\"\n{toml}");
        let agent = check_agent(&toml, "agents/a.toml", &AgentContext::none()).unwrap();
        let tools = MEMORY_TOOLS.into_iter();
        let tools: Vec<&str> = tools.filter(|tool| agent.may_remember_by(tool)).collect();
        assert_eq!(tools, expected, "{toml}");
    };
    check("tools = [\"*\"]", &[]);
    check("[memory]\nenabled = true", &MEMORY_TOOLS);
    check(
        "tools = [\"csv__*\"]\n[memory]\nenabled = true",
        &MEMORY_TOOLS,
    );
    check(
        "tools = [\"csv__*\", \"memory__search\"]\n[memory]\nenabled = true",
        &["memory__search"],
    );
    check(
        "tools = [\"memory__re*\"]\n[memory]\nenabled = true",
        &["memory__remember", "memory__relate"],
    );
}

#[test]
fn bad_prompts_are_told_where_the_braces_stand() {
    check_table(
        "system_prompt = \"\"\"\nHello {{nme}},\n  {{request}} {{agent}}\n\"\"\"",
        &["2:7 unknown-variable", "3:3 unknown-variable"],
    );
    check_table("system_prompt = \"{{agent\"", &["1:18 unknown-variable"]);
    check_table(
        "system_prompt = \"\\u007b\\u007bx}} {{y}}\"",
        &["1:17 unknown-variable", "1:17 unknown-variable"],
    );
    check_table(
        "user_prompt_template = \"{{context}}\"",
        &["1:24 missing-variable"],
    );
    check_table("user_prompt_template = \"{{request}} {{{{x}}\"", &[]);
}

#[test]
fn names_are_unique_and_those_of_the_files() {
    let agent = |name: &str| format!("name = \"{name}\"\ndescription = \"d\"\n");
    let workspace = ("caxton.toml", "name = \"w\"");
    let found = faults(&[
        workspace,
        ("agents/a.toml", &agent("a")),
        ("agents/b.toml", &agent("a")),
    ]);
    assert_eq!(
        places(&found),
        [
            "agents/b.toml:1:8 duplicate-name",
            "agents/b.toml:1:8 name-mismatch"
        ]
    );
    let found = faults(&[
        workspace,
        ("agents/auto.toml", &agent("auto")),
        ("agents/x y.toml", &agent("x y")),
    ]);
    assert_eq!(
        places(&found),
        [
            "agents/auto.toml:1:8 bad-name",
            "agents/x y.toml:1:8 bad-name"
        ]
    );
    let found = faults(&[workspace, ("agents/a.toml", "")]);
    assert_eq!(
        places(&found),
        [
            "agents/a.toml:1:1 missing-key",
            "agents/a.toml:1:1 missing-key"
        ]
    );
}

#[test]
fn agents_may_ask_only_for_what_others_offer() {
    let workspace = ("caxton.toml", "name = \"w\"");
    let asking = "name = \"a\"\ndescription = \"d\"\ncapabilities = [\"own\"]\ndelegates = [\"charting\", \"chart*\", \"own\", \"chrting\", \"charting@1.0\", \"charting@^2\"]";
    let offering = "name = \"b\"\ndescription = \"d\"\ncapabilities = [\"charting\"]";
    let found = faults(&[
        workspace,
        ("agents/a.toml", asking),
        ("agents/b.toml", offering),
    ]);
    assert_eq!(
        places(&found),
        [
            "agents/a.toml:4:36 unknown-capability",
            "agents/a.toml:4:43 unknown-capability",
            "agents/a.toml:4:70 unknown-capability"
        ]
    );
    assert_eq!(found[1].remedy, "did you mean `charting`?");
    assert_eq!(found[2].reason, "no other agent offers `charting@^2`");
    assert!(found[2].remedy.contains("offered are 1.0.0"), "{found:?}");
    // While another agent can't be read, nobody knows what it offers.
    let found = faults(&[
        workspace,
        ("agents/a.toml", asking),
        ("agents/b.toml", "name = "),
    ]);
    assert_eq!(places(&found), ["agents/b.toml:1:8 syntax"]);
}

#[test]
fn one_files_faults_hide_no_others() {
    let found = faults(&[
        ("caxton.toml", "nme = \"w\""),
        ("agents/a.toml", "tools = ["),
        ("agents/b.toml", "x = 1\nname = \"b\""),
    ]);
    assert_eq!(
        places(&found),
        [
            "caxton.toml:1:1 missing-key",
            "caxton.toml:1:1 unknown-key",
            "agents/a.toml:1:10 syntax",
            "agents/b.toml:1:1 missing-key",
            "agents/b.toml:1:1 unknown-key",
        ]
    );
}
