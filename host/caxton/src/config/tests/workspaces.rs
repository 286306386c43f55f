//! `caxton.toml`: what it means, and what is wrong with bad ones.

use std::time::Duration;

use super::support::{BUILTINS, faults, places, shown, sound, workspace, write};
use crate::config::{Known, SecretUse, Source, check, secret_use};

const FULL: &str = r#"
name = "sales-desk"

[model]
default = "offline/demo"
fallback = ["openai/gpt-5-mini", "openai/vendor/model:free"]

[router]
component = "semantic"
fallback = "keyword"

[limits]
time = "1m"
memory = "128 MiB"
[limits.turn]
tool_rounds = 4

[components.csv]
source = "components/csv.wasm"
config = { delimiter = ",", depth = { a = [1, 2.5, true], on = 2026-01-01 } }
[components.csv.limits]
fuel = 500_000_000
memory = "64 MiB"
time = "2s"
output = 1048576
[components.csv.grants]
http = ["https://data.example.com", { url = "http://llm.internal:8000", private = true }]
files = [{ path = "data", mode = "read" }, "data"]
state = true

[components.openai]
config = { base_url = "https://api.openai.com/v1" }
[[components.openai.secrets]]
host = "https://api.openai.com"
header = "Authorization"
value = "Bearer ${OPENAI_API_KEY}"
"#;

#[test]
fn every_key_of_the_interface_is_understood() {
    let files = [
        ("caxton.toml", FULL),
        ("components/csv.wasm", ""),
        ("components/extra.wasm", ""),
        ("data/x.csv", "a\n"),
    ];
    let checked = sound(&files);
    let workspace = checked.workspace;
    assert_eq!(workspace.name, "sales-desk");
    assert_eq!(
        workspace.model.fallback[1].to_string(),
        "openai/vendor/model:free"
    );
    assert_eq!(workspace.limits.time, Duration::from_secs(60));
    assert_eq!(workspace.turn_ceilings.tool_rounds, Some(4));
    let csv = &workspace.components["csv"];
    assert!(matches!(&csv.source, Source::Path(path) if path.ends_with("components/csv.wasm")));
    assert_eq!(csv.limits.output_bytes, Some(1 << 20));
    assert_eq!(csv.limits.fuel, Some(500_000_000));
    assert_eq!(
        csv.grants
            .http
            .iter()
            .map(|origin| origin.private)
            .collect::<Vec<_>>(),
        [false, true]
    );
    assert_eq!(csv.grants.files.len(), 2);
    assert!(csv.grants.state);
    assert_eq!(
        csv.config["depth"],
        serde_json::json!({"a": [1, 2.5, true], "on": "2026-01-01"})
    );
    let openai = &workspace.components["openai"];
    assert_eq!(openai.secrets[0].header, "authorization");
    assert_eq!(openai.secrets[0].value.reveal(), "Bearer sk-s3cret");
    assert_eq!(
        openai.grants.http,
        [openai.secrets[0].origin.clone()],
        "a secret grants its origin"
    );
    assert!(!format!("{workspace:?}").contains("s3cret"));
    // What nobody declared is there too: a file in `components/`, and what is built in.
    assert!(matches!(
        &workspace.components["extra"].source,
        Source::Path(_)
    ));
    assert!(
        matches!(&workspace.components["calc"].source, Source::Builtin(name) if name == "calc")
    );
    assert_eq!(workspace.components.len(), BUILTINS.len() + 1);
    assert_eq!(
        checked.files,
        [
            "caxton.toml",
            "components/csv.wasm",
            "components/extra.wasm"
        ]
    );
}

#[test]
fn a_name_is_all_that_a_workspace_needs() {
    let workspace = sound(&[("caxton.toml", "name = \"w\"\n")]).workspace;
    assert_eq!(workspace.model.default.to_string(), "offline/demo");
    assert_eq!(
        (
            workspace.router.component.as_str(),
            workspace.router.fallback.as_deref()
        ),
        ("semantic", Some("keyword"))
    );
    assert!(
        workspace
            .components
            .values()
            .all(|spec| spec.grants == Default::default() && spec.secrets.is_empty())
    );
}

/// Checks that `toml`, put below a valid name, gives these faults: line and column count from its own first line.
fn check_table(toml: &str, expected: &[&str]) {
    let found = faults(&[
        ("caxton.toml", &format!("name = \"w\"\n{toml}")),
        ("data/x", ""),
        ("components/x.wasm", ""),
    ]);
    let places: Vec<String> = found
        .iter()
        .map(|fault| {
            format!(
                "{}:{} {}",
                i64::from(fault.line) - 1,
                fault.column,
                fault.code
            )
        })
        .collect();
    assert_eq!(places, expected, "{toml}\n{}", shown(&found));
    assert!(
        found
            .iter()
            .all(|fault| !fault.reason.is_empty() && !fault.remedy.is_empty())
    );
}

#[test]
fn bad_keys_and_types() {
    check_table("modle = 1", &["1:1 unknown-key"]);
    check_table("model = 1", &["1:9 wrong-type"]);
    check_table(
        "[model]\ndefault = 1\nfallback = \"x\"\nx = 1",
        &["2:11 wrong-type", "3:12 wrong-type", "4:1 unknown-key"],
    );
    check_table(
        "[router]\ncomponent = \"semantc\"\nfallback = []",
        &["2:13 unknown-router", "3:12 wrong-type"],
    );
    check_table(
        "[router]\nthreshold = 1.5\nmargin = \"x\"\noverlap = 0.8\noverlap_max = -1",
        &["2:13 out-of-range", "3:10 wrong-type", "5:15 out-of-range"],
    );
    check_table("[router]\ndefault = \"nobody\"", &["2:11 unknown-agent"]);
    check_table(
        "[memory]\nenabled = true\n[memory.keep]\ndays = 0\ncount = \"many\"\nagents = 1\nagent = { day = 1 }\nglobal = 2",
        &[
            "2:1 unknown-key",
            "4:8 out-of-range",
            "5:9 wrong-type",
            "6:1 unknown-key",
            "7:11 unknown-key",
            "8:10 wrong-type",
        ],
    );
    check_table("[router]\ndefault = \"../x\"", &["2:11 bad-name"]);
    check_table(
        "[model]\ndefault = \"gpt-5\"\nfallback = [\"opnai/x\", \"openai/\"]",
        &["2:11 bad-model", "3:13 unknown-provider", "3:24 bad-model"],
    );
    check_table("[components]\ncsv = 1", &["2:7 wrong-type"]);
    check_table(
        "[components.a__b]\nsource = \"builtin:csv\"",
        &["1:13 bad-name"],
    );
    check_table(
        "[components.csv]\nconfig = 1\nlimits = 1\ngrants = 1\nsecrets = 1",
        &[
            "2:10 wrong-type",
            "3:10 wrong-type",
            "4:10 wrong-type",
            "5:11 wrong-type",
        ],
    );
    check_table(
        "[components.csv.config]\na = nan\nb = 99999999999999999999",
        &["1:1 bad-config"],
    );
}

#[test]
fn bad_sources() {
    let source = |source: &str| format!("[components.y]\nsource = {source}");
    check_table("[components.y]", &["1:13 missing-key"]);
    check_table(&source("\"builtin:cvs\""), &["2:10 unknown-builtin"]);
    check_table(
        &source("\"components/y.wasm\""),
        &["2:10 missing-component"],
    );
    check_table(&source("\"components\""), &["2:10 not-a-file"]);
    check_table(&source("\"../y.wasm\""), &["2:10 outside-workspace"]);
    check_table(&source("\"\""), &["2:10 bad-path"]);
    check_table(
        &source("\"http://example.com/y.wasm\""),
        &["2:10 bad-source"],
    );
    check_table(
        &source("\"https://example.com/y.wasm\""),
        &["2:10 missing-sha256"],
    );
    check_table(
        &source("\"https://example.com/y.wasm\"\nsha256 = \"12\""),
        &["2:10 missing-sha256", "3:10 bad-sha256"],
    );
    check_table(&source("\"oci://\""), &["2:10 bad-source"]);
    check_table(&source("\"oci://registry.example.com/tools/y:1.0\""), &[]);
    check_table(
        &source(&format!(
            "\"https://example.com/y.wasm\"\nsha256 = \"{}\"",
            "Ab".repeat(32)
        )),
        &[],
    );
    check_table(
        &source(&format!(
            "\"https://u:p@example.com/y.wasm\"\nsha256 = \"{}\"",
            "Ab".repeat(32)
        )),
        &["2:10 bad-source"],
    );
    check_table(
        &source(&format!(
            "\"components/x.wasm\"\nsha256 = \"{}\"",
            "Ab".repeat(32)
        )),
        &["3:10 unused-key"],
    );
}

#[test]
fn tools_may_have_another_prefix() {
    check_table("[components.csv]\nprefix = \"a b\"", &["2:10 bad-prefix"]);
    let workspace = "name = \"w\"\n[components.csv]\nprefix = \"table_\"\n";
    let agent =
        "name = \"a\"\ndescription = \"d\"\ntools = [\"table_describe\", \"tabel_describe\"]";
    assert_eq!(
        places(&faults(&[
            ("caxton.toml", workspace),
            ("agents/a.toml", agent)
        ])),
        ["agents/a.toml:3:28 bad-pattern"]
    );
}

#[test]
fn bad_limits() {
    let limits = |limits: &str| format!("[components.csv.limits]\n{limits}");
    check_table(
        &limits("fuel = \"lots\"\nmemory = \"64 furlongs\"\ntime = 2\noutput = -1"),
        &[
            "2:8 wrong-type",
            "3:10 bad-size",
            "4:8 bad-duration",
            "5:10 out-of-range",
        ],
    );
    check_table(
        &limits("fuel = 0\nmemory = \"1 KiB\"\ntime = \"0s\"\nhttp_requests = 1.5"),
        &[
            "2:8 out-of-range",
            "3:10 out-of-range",
            "4:8 out-of-range",
            "5:17 wrong-type",
        ],
    );
    check_table(
        &limits("feul = 1\nlog_bytes = \"1 KiB\"\nhttp_bytes = 0\ndepth = 65"),
        &["2:1 unknown-key", "4:14 out-of-range", "5:9 out-of-range"],
    );
    check_table(
        &format!(
            "[limits]\nfuel = 100\ntime = \"1s\"\n{}",
            limits("fuel = 101\ntime = \"1001ms\"\nmemory = \"64 KiB\"")
        ),
        &["5:8 above-ceiling", "6:8 above-ceiling"],
    );
    // The workspace's own ceiling may be higher than the default one.
    check_table(&limits("memory = \"2 GiB\""), &["2:10 above-ceiling"]);
    check_table(
        &format!(
            "[limits]\nmemory = \"2 GiB\"\n{}",
            limits("memory = \"2 GiB\"")
        ),
        &[],
    );
}

#[test]
fn bad_grants() {
    let grants = |grants: &str| format!("[components.csv.grants]\n{grants}");
    check_table(
        &grants("http = [\"example.com\", \"https://example.com/v1\", 1, {}]"),
        &[
            "2:9 bad-origin",
            "2:24 bad-origin",
            "2:50 wrong-type",
            "2:53 missing-key",
        ],
    );
    check_table(
        &grants(
            "http = [{ url = \"http://*\", private = true }, { url = \"http://x\", privat = true }]",
        ),
        &["2:39 bad-origin", "2:67 unknown-key"],
    );
    check_table(
        &grants("files = [\"dta\", \"../x\", \"caxton.toml\", { path = \"data\", mode = \"rw\" }]"),
        &[
            "2:10 missing-path",
            "2:17 outside-workspace",
            "2:25 not-a-directory",
            "2:64 bad-mode",
        ],
    );
    check_table(
        &grants(
            "files = [{ path = \".\", mode = \"write\" }, { path = \"components\", mode = \"write\" }, { path = \"/\", mode = \"write\" }]",
        ),
        &[
            "2:19 grant-too-wide",
            "2:51 grant-too-wide",
            "2:92 grant-too-wide",
        ],
    );
    check_table(
        &grants(
            "files = [{ path = \".\" }, { path = \"data\", mode = \"write\" }, \"/\"]\nstate = 1\nsockets = true",
        ),
        &["3:9 wrong-type", "4:1 unknown-key"],
    );
    check_table(
        "[components.csv.grants]\nhttp = \"https://example.com\"",
        &["2:8 wrong-type"],
    );
}

#[test]
fn bad_secrets() {
    let secret = |secret: &str| format!("[[components.csv.secrets]]\n{secret}");
    let good = "host = \"https://a.example\"\nheader = \"x-key\"\nvalue = \"${OPENAI_API_KEY}\"";
    check_table(
        &secret(""),
        &["1:1 missing-key", "1:1 missing-key", "1:1 missing-key"],
    );
    check_table(
        &secret("host = \"https://*.a.example\"\nheader = \"host\"\nvalue = \"${GONE} ${AWAY}\""),
        &[
            "2:8 bad-origin",
            "3:10 bad-header",
            "4:9 missing-secret",
            "4:9 missing-secret",
        ],
    );
    check_table(
        &secret("host = \"https://a.example\"\nheader = \"x y\"\nvalue = \"Bearer ${\""),
        &["3:10 bad-header", "4:9 bad-secret"],
    );
    check_table(
        &format!("{}\n{}", secret(good), secret(good)),
        &["5:1 duplicate-secret"],
    );
    check_table(
        &secret("host = \"https://u:hunter2@a.example\"\nheader = \"x\"\nvalue = \"hunter2\\n\""),
        &["2:8 bad-origin", "4:9 bad-secret"],
    );
    let found = faults(&[(
        "caxton.toml",
        "name = \"w\"\n[[components.csv.secrets]]\nhost = \"https://u:hunter2@a\"\nheader = \"x\"\nvalue = \"hunter2\\n\"",
    )]);
    assert!(!shown(&found).contains("hunter2"));
    check_table(
        "[secrets]\nrecipients = [1, \"age1x\"]\nkey = 1",
        &["2:15 wrong-type", "2:18 bad-recipient", "3:1 unknown-key"],
    );
}

#[test]
fn what_secrets_are_wanted_is_known_without_their_values() {
    let recipient = "age1erjpjvknzfmcuyvgpqlu0yzkgxwzyd4u356lftwqm6ady70afe7q5p76se";
    let text = format!(
        "[secrets]\nrecipients = [\"{recipient}\"]\n[[components.a.secrets]]\nvalue = \"Basic ${{USER}}:${{PASS}} $${{NOT}}\"\n\
         [[components.b.secrets]]\nvalue = \"${{PASS}}\"\n[[components.b.secrets]]\nvalue = \"${{\"\n[components.c]\nsecrets = 1"
    );
    let dir = workspace(&[("caxton.toml", &text)]);
    let SecretUse { names, recipients } = secret_use(dir.path()).unwrap();
    let names: Vec<_> = names
        .iter()
        .map(|(name, users)| {
            (
                name.as_str(),
                users.iter().map(String::as_str).collect::<Vec<_>>(),
            )
        })
        .collect();
    assert_eq!(names, [("PASS", vec!["a", "b"]), ("USER", vec!["a"])]);
    assert_eq!(recipients.len(), 1);
    assert_eq!(recipients[0].to_string(), recipient);
    let dir = workspace(&[("caxton.toml", "[secrets]\nrecipients = [\"age1\"]")]);
    assert_eq!(secret_use(dir.path()).unwrap_err()[0].code, "bad-recipient");
    assert!(secret_use("/nonexistent".as_ref()).is_err());
}

#[test]
fn bad_syntax_hides_nothing_else() {
    check_table(
        "[model\ndefault = 1\n[router]\ncomponent = \"semantc\"",
        &["1:7 syntax", "4:13 unknown-router"],
    );
    check_table(
        "a = \nname = \"v\"\n[components.csv]\n[components.csv]\nx = \"open",
        &[
            "1:5 syntax",
            "2:1 duplicate-key",
            "4:13 duplicate-key",
            "5:10 syntax",
        ],
    );
}

#[test]
fn what_is_missing_is_told() {
    assert_eq!(places(&faults(&[])), ["caxton.toml:1:1 no-workspace"]);
    assert_eq!(
        places(&faults(&[("caxton.toml", "")])),
        ["caxton.toml:1:1 missing-key"]
    );
    let gone = check("/nonexistent/workspace".as_ref(), &Known::new(BUILTINS)).unwrap_err();
    assert_eq!(places(&gone), ["/nonexistent/workspace:1:1 no-workspace"]);
}

#[test]
fn badly_named_components_are_told_and_the_others_found() {
    let dir = workspace(&[
        ("components/good.wasm", ""),
        ("components/not good.wasm", ""),
        ("components/.hidden.wasm", ""),
    ]);
    std::fs::create_dir(dir.path().join("components/dir.wasm")).unwrap();
    write(dir.path(), "components/README.md", b"");
    let (components, faults) =
        crate::config::components_in(&dir.path().join("components"), "components");
    assert_eq!(components.keys().collect::<Vec<_>>(), ["good"]);
    assert_eq!(
        places(&faults),
        [
            "components/dir.wasm:1:1 not-a-file",
            "components/not good.wasm:1:1 bad-name"
        ]
    );
}
