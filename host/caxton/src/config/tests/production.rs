//! What agents say about their conversations, parameters, failures and other models.

use std::time::Duration;

use super::support::{faults, shown, sound};
use crate::config::{Agent, Breaker, Context, ContextScope, Overflow, Parameter, Variable};

/// The agent of this TOML, put below a valid name and description.
fn agent(toml: &str) -> Agent {
    let text = format!("name = \"a\"\ndescription = \"d\"\n{toml}");
    let mut checked = sound(&[("caxton.toml", "name = \"w\""), ("agents/a.toml", &text)]);
    checked.agents.remove("a").unwrap()
}

/// Checks that `toml`, put below a valid name and description, gives these faults: lines count from its own first.
fn check(toml: &str, expected: &[&str]) {
    let text = format!("name = \"a\"\ndescription = \"d\"\n{toml}");
    let found = faults(&[("caxton.toml", "name = \"w\""), ("agents/a.toml", &text)]);
    let places: Vec<String> = found
        .iter()
        .map(|fault| format!("{}:{} {}", fault.line - 2, fault.column, fault.code))
        .collect();
    assert_eq!(places, expected, "{toml}\n{}", shown(&found));
}

#[test]
fn what_is_not_written_down_is_as_before() {
    let agent = agent("");
    assert_eq!(
        agent.context,
        Context {
            window_tokens: None,
            overflow: Overflow::Drop,
            scope: ContextScope::Shared
        }
    );
    assert_eq!(
        agent.breaker,
        Breaker {
            failures: 5,
            pause: Duration::from_secs(30),
            pause_max: Duration::from_secs(600)
        }
    );
    assert_eq!(
        (agent.limits.max_tokens, agent.limits.cost_pusd),
        (8_192, None)
    );
    assert_eq!(agent.fallback, None);
    assert!(agent.parameters.is_empty());
}

#[test]
fn context() {
    for spelling in ["summarise", "summarize"] {
        let toml =
            format!("[context]\nwindow = 1_000\noverflow = \"{spelling}\"\nscope = \"agent\"");
        assert_eq!(
            agent(&toml).context,
            Context {
                window_tokens: Some(1_000),
                overflow: Overflow::Summarise,
                scope: ContextScope::Agent
            }
        );
    }
    assert_eq!(
        agent("[context]\nwindow = 0").context.window_tokens,
        Some(0)
    );
    check("context = 1", &["1:11 wrong-type"]);
    check(
        "[context]\nwindow = -1\noverflow = \"truncate\"\nscope = \"workspace\"\nsize = 1",
        &[
            "2:10 out-of-range",
            "3:12 bad-overflow",
            "4:9 bad-scope",
            "5:1 unknown-key",
        ],
    );
    // The default limit of a turn is 50,000 tokens.
    check("[context]\nwindow = 50_000", &["2:10 above-maximum"]);
    check("[context]\nwindow = 50_000\n[limits]\ntokens = 50_001", &[]);
    // What a limit with a fault was meant to be is not known.
    check(
        "[context]\nwindow = 50_000\n[limits]\ntokens = 0",
        &["4:10 out-of-range"],
    );
}

#[test]
fn parameters_are_variables_of_prompts() {
    let agent = agent(
        "system_prompt = \"For {{region}}.\"\nuser_prompt_template = \"{{ tone }}: {{request}}\"\n[parameters]\nregion = \"north\"\ntone = { required = true, description = \" how to speak \" }",
    );
    assert_eq!(
        agent.parameters["region"],
        Parameter {
            description: String::new(),
            default: Some("north".to_owned())
        }
    );
    assert_eq!(
        agent.parameters["tone"],
        Parameter {
            description: "how to speak".to_owned(),
            default: None
        }
    );
    let value = |variable: &Variable| match variable {
        Variable::Parameter(name) if name == "region" => "south {{tone}}",
        Variable::Parameter(_) => "kindly",
        _ => "hello",
    };
    assert_eq!(agent.system_prompt.render(value), "For south {{tone}}.");
    assert_eq!(agent.user_prompt_template.render(value), "kindly: hello");
}

#[test]
fn bad_parameters() {
    let prompt = "system_prompt = \"{{x}}\"\n[parameters]\n";
    check(&format!("{prompt}x = 1"), &["3:5 wrong-type"]);
    check(&format!("{prompt}x = {{}}"), &["3:5 missing-key"]);
    check(
        &format!("{prompt}x = {{ default = \"\", required = true }}"),
        &["3:17 unused-key"],
    );
    check(
        &format!("{prompt}x = {{ default = \"\", required = false }}"),
        &[],
    );
    check(
        &format!("{prompt}x = {{ default = 1, description = 2, required = 3, type = 4 }}"),
        &[
            "3:17 wrong-type",
            "3:34 wrong-type",
            "3:48 wrong-type",
            "3:51 unknown-key",
        ],
    );
    check(
        &format!("{prompt}x = \"\"\nrequest = \"\"\n\"a b\" = \"\""),
        &["4:1 bad-name", "5:1 bad-name"],
    );
    check("parameters = []", &["1:14 wrong-type"]);
    // A parameter that no prompt names is a slip, but where a prompt has one of its own, that is the slip.
    check(
        &format!("{prompt}x = \"\"\ny = \"\""),
        &["4:1 unused-parameter"],
    );
    check(
        "system_prompt = \"{{regoin}}\"\n[parameters]\nregion = \"\"",
        &["1:18 unknown-variable"],
    );
    let many: String = (0..65).map(|n| format!("p{n:02} = \"\"\n")).collect();
    let uses: String = (0..64).map(|n| format!("{{{{p{n:02}}}}}")).collect();
    check(
        &format!("system_prompt = \"{uses}\"\n[parameters]\n{many}"),
        &["67:1 too-long"],
    );
}

#[test]
fn a_misspelled_parameter_is_recognised() {
    let text = "name = \"a\"\ndescription = \"d\"\nsystem_prompt = \"{{regoin}} {{x}}\"\n[parameters]\nregion = \"\"";
    let found = faults(&[("caxton.toml", "name = \"w\""), ("agents/a.toml", text)]);
    assert_eq!(found[0].remedy, "did you mean {{region}}?");
    assert_eq!(
        found[1].remedy,
        "variables are: context, agent, description, workspace, conversation, region; others are declared under [parameters]; write `{{{{` for two braces"
    );
}

#[test]
fn breaker() {
    let seconds = |toml: &str| {
        let breaker = agent(&format!("[breaker]\n{toml}")).breaker;
        (
            breaker.failures,
            breaker.pause.as_secs(),
            breaker.pause_max.as_secs(),
        )
    };
    assert_eq!(seconds("failures = 0"), (0, 30, 600));
    assert_eq!(seconds("pause = \"15m\""), (5, 900, 900));
    assert_eq!(seconds("pause_max = \"10s\""), (5, 10, 10));
    assert_eq!(seconds("pause = \"1m\"\npause_max = \"1m\""), (5, 60, 60));
    check(
        "[breaker]\npause = \"2m\"\npause_max = \"1m\"",
        &["2:9 above-maximum"],
    );
    check(
        "[breaker]\nfailures = 1001\npause = 30\npause_max = \"0s\"\nfailure = 1",
        &[
            "2:12 out-of-range",
            "3:9 bad-duration",
            "4:13 out-of-range",
            "5:1 unknown-key",
        ],
    );
}

#[test]
fn an_agent_has_fallbacks_of_its_own() {
    let models = |toml: &str| {
        let fallback = agent(toml).fallback;
        fallback.map(|models| models.iter().map(ToString::to_string).collect::<Vec<_>>())
    };
    assert_eq!(models("fallback = []"), Some(Vec::new()));
    assert_eq!(
        models("fallback = [\"openai/gpt-5-mini\", \"offline/demo\"]"),
        Some(vec![
            "openai/gpt-5-mini".to_owned(),
            "offline/demo".to_owned()
        ])
    );
    check(
        "fallback = [\"gpt\", \"opnai/x\", 1]",
        &["1:13 bad-model", "1:20 unknown-provider", "1:31 wrong-type"],
    );
    check("fallback = \"openai/x\"", &["1:12 wrong-type"]);
}
