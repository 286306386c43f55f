//! Code that was compiled beforehand: it is taken as it is where it belongs to the component and fits the machine, and left
//! aside otherwise.

use caxton_sandbox::{
    Call, Component, LoadError, Precompiled, Precompiler, Sandbox, Settings, Spec,
};

use crate::support::guest;

/// This machine's kind, as the compiler that built this test calls it.
fn target() -> String {
    let output = std::process::Command::new("rustc")
        .args(["--print", "host-tuple"])
        .output()
        .expect("rustc runs");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn load(sandbox: &Sandbox, code: Precompiled<'_>) -> Result<Component, LoadError> {
    // SAFETY: all code here comes from a `Precompiler`, or is none.
    unsafe { sandbox.load_precompiled(Spec::default(), &guest("echo"), Some(code)) }
}

/// The digest of the guest that is loaded here.
fn digest() -> String {
    let [(sandbox, _), _] = sandboxes();
    let echo = sandbox.load(Spec::default(), &guest("echo"));
    echo.expect("it loads").digest().to_owned()
}

/// Sandboxes without a cache, and with an empty one.
fn sandboxes() -> [(Sandbox, Option<tempfile::TempDir>); 2] {
    let cache = tempfile::tempdir().expect("a directory");
    let cached = Settings {
        cache: Some(cache.path().to_owned()),
        ..Settings::default()
    };
    let new = |settings| Sandbox::new(settings).expect("a sandbox");
    [(new(Settings::default()), None), (new(cached), Some(cache))]
}

#[tokio::test]
async fn code_of_the_component_is_run_as_it_is() {
    let compiler = Precompiler::new(&target()).expect("a compiler");
    let code = |name: &str| {
        let code = compiler.compile(name, &guest(name));
        code.expect("it is compiled")
    };
    let (digest, echo, plain) = (digest(), code("echo"), code("plain"));
    for (sandbox, _cache) in sandboxes() {
        let given = Precompiled {
            digest: &digest,
            bytes: &echo,
        };
        let component = load(&sandbox, given).expect("it loads");
        let called = component
            .call_tool(Call::default(), "echo", r#"{"a":1}"#)
            .await;
        assert!(called.expect("it works").value.is_ok());
    }
    // That it is this code which is taken shows where it is another component's.
    for (sandbox, _cache) in sandboxes() {
        let given = Precompiled {
            digest: &digest,
            bytes: &plain,
        };
        let refused = load(&sandbox, given).map(|_| ()).expect_err("no tools");
        assert!(
            matches!(&refused, LoadError::NoRole { exports, .. } if exports.contains("reverse")),
            "{refused}"
        );
    }
}

#[test]
fn code_of_other_bytes_and_what_is_no_code_is_left_aside() {
    let compiler = Precompiler::new(&target()).expect("a compiler");
    let plain = compiler.compile("plain", &guest("plain"));
    let (digest, plain) = (digest(), plain.expect("it is compiled"));
    for (digest, bytes) in [
        ("0", plain.as_slice()),
        (digest.as_str(), &plain[..plain.len() / 2]),
        (digest.as_str(), b"\x7fELF, but not much of it".as_slice()),
        (digest.as_str(), b"".as_slice()),
    ] {
        for (sandbox, _cache) in sandboxes() {
            let given = Precompiled { digest, bytes };
            let component = load(&sandbox, given).expect("it is compiled from the component");
            assert!(component.roles().tools);
        }
    }
}

#[test]
fn a_target_that_nobody_knows_is_an_error() {
    assert!(Precompiler::new("pdp11-dec-bsd").is_err());
}
