//! A workspace with ten faults, and how they are printed.

use super::support::{faults, shown};

const TEN: &str = r#"name = "sales desk"
modle = "openai/gpt-5-mini"

[router]
component = "semantc"

[components.csv.limits]
fuel = "lots"
memory = "64 furlongs"
time = "9h"

[components.csv.grants]
http = ["https://data.example.com/v1"]
files = [{ path = "dta" }]

[components.openai]
config = { base_url = https://api.openai.com }
[[components.openai.secrets]]
host = "https://api.openai.com"
header = "authorization"
value = "Bearer ${OPENAI_KEY}"
"#;

#[test]
fn ten_faults_are_told_at_once() {
    let found = faults(&[("caxton.toml", TEN)]);
    assert_eq!(found.len(), 10, "{}", shown(&found));
    insta::assert_snapshot!(shown(&found));
    insta::assert_json_snapshot!(&found[..2]);
}
