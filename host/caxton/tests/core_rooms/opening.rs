//! A workspace is opened as a whole, or every reason why not is told.

use caxton::workspace::{Error, Workspace};

use crate::support::{Place, builtin};

fn faults(opened: Result<Workspace, Error>) -> Vec<(String, &'static str)> {
    match opened {
        Err(Error::Faults(faults)) => faults
            .into_iter()
            .map(|fault| (fault.file, fault.code))
            .collect(),
        Err(other) => panic!("other faults: {other}"),
        Ok(_) => Vec::new(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_component_that_is_refused_is_told_at_once() {
    let core_module = b"\0asm\x01\0\0\0";
    let place = Place::new("name = \"test\"\n", &[]);
    place.write("components/text.wasm", "not wasm");
    place.write("components/empty.wasm", "");
    place.write("components/core.wasm", core_module);
    place.write("components/cut.wasm", &builtin("calc")[..5000]);
    place.write("components/good.wasm", builtin("calc"));
    let mut codes: Vec<&str> = faults(place.open().await)
        .into_iter()
        .map(|(_, code)| code)
        .collect();
    codes.sort_unstable();
    assert_eq!(
        codes,
        ["core-module", "malformed-component", "not-wasm", "not-wasm"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn no_grant_reaches_the_servers_own_files() {
    for (path, mode, refused) in [
        ("data", "read", true),
        ("data/cache", "read", true),
        ("data", "write", true),
        ("data/cache", "write", true),
        ("", "write", true),
        ("more", "write", true),
        ("more", "read", false),
        ("other", "write", false),
    ] {
        let place = Place::new("name = \"test\"\n", &[]);
        let home = place.data().parent().expect("a parent").to_owned();
        for dir in ["data/cache", "more", "other"] {
            std::fs::create_dir_all(home.join(dir)).expect("a directory");
        }
        let path = home.join(path);
        place.write(
            "caxton.toml",
            format!(
                "name = \"test\"\n[components.calc]\nsource = \"builtin:calc\"\n[components.calc.grants]\nfiles = [{{ path = {path:?}, mode = \"{mode}\" }}]\n"
            ),
        );
        let opened = place
            .open_with(Some(place.dir()), Some(home.join("more")))
            .await;
        let codes: Vec<_> = faults(opened).into_iter().map(|(_, code)| code).collect();
        assert_eq!(
            codes,
            vec!["grant-too-wide"; usize::from(refused)],
            "{mode} {}",
            path.display()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_directory_of_components_a_bad_one_is_left_out_and_told() {
    let place = Place::new("name = \"test\"\n", &[]);
    place.write("more/bad.wasm", "not wasm");
    place.write("more/sums.wasm", builtin("calc"));
    let workspace = place
        .open_with(None, Some(place.dir().join("more")))
        .await
        .expect("it opens");
    let state = workspace.state();
    assert!(state.tools.get("sums__evaluate").is_some());
    assert!(
        state.tools.get("calc__evaluate").is_none(),
        "only what was given is offered"
    );
    let refused: Vec<_> = state
        .refused
        .iter()
        .map(|why| (why.component.as_str(), why.code))
        .collect();
    assert_eq!(refused, [("bad", "not-wasm")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_agents_name_must_be_there() {
    let check = async |settings: &str, agent: &str, code: &'static str| {
        let agent = format!("name = \"a\"\ndescription = \"x\"\n{agent}");
        let place = Place::new(&format!("name = \"test\"\n{settings}"), &[("a", &agent)]);
        let found = faults(place.open().await);
        assert!(
            matches!(found[..], [(_, found)] if found == code),
            "{settings} {agent}: {found:?}"
        );
    };
    check("", "tools = [\"calc__evalute\"]\n", "unknown-tool").await;
    check("", "model = \"calc/x\"\n", "wrong-role").await;
    check("", "model = \"nobody/x\"\n", "unknown-provider").await;
    check(
        "[components.keyword]\n[router]\ncomponent = \"calc\"\n[components.calc]\n",
        "",
        "wrong-role",
    )
    .await;
    check("[components.calc]\nprefix = \"x_\"\n[components.second]\nsource = \"builtin:calc\"\nprefix = \"x_\"\n", "", "ambiguous-tool").await;
}
