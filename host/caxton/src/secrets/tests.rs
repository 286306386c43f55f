//! Where secrets come from, and what is said where they don't.

use std::fs;
use std::path::Path;

use caxton_sandbox::SecretValue;
use tempfile::TempDir;

use super::age::Identity;
use super::*;

/// What another implementation wrote, for the two keys below; with a stanza after them that nobody knows.
const THEIRS: &str = "\
-----BEGIN AGE ENCRYPTED FILE-----
YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSBpSVM0NDU1VXVQN3lhLzQr
ckZXU3I0cnJGU0dxL0tEa3NxbFc2MFczdHg0CkpYN1V0SkxJTUw0WGpOaWFmODR6
eVVMdWcxd0RaaHR4VnNvU1BWV2hod28KLT4gWDI1NTE5IEpEZmJLRlBYbTZlT21q
WktEWUdnR0ZFdUhGY2lEWWZtenJXRGZLNTgxVTAKMGJqdW9MZWxSVVRFSXVkSnFK
aE9TZ0pSZmg3NE9sWUNBT0syV0ZSTTM2cwotPiAtLFMtZ3JlYXNlCllxSE8zS1RB
dCtkUnpjbTlZWXIxQVNtenpCOWNIQjUvRkgzL3dKeG1NWHYyK1NWZUlUM2Q4QQot
LS0gY0NrVmNNcVdpVzVPMjJHdU14SUYrd1dORnFUdlJoRlRaOWhxL2lsZ0FYZwr0
in7k5g4K262pIkjxG2WN7ZL8QQg42mSjrKRqvBECnWrUOAuMA2P7nECci40ZdWB7
C7zjVotsOPsPWyT2PT8zua+J52vhaGs=
-----END AGE ENCRYPTED FILE-----
";
const KEYS: [&str; 2] = [
    "AGE-SECRET-KEY-1DR648LNPY0PS8KXHMHD242YYRKQW5DLQLEAVMG2QLUNWHK0GESTSY62HH8",
    "AGE-SECRET-KEY-1LGCNMRCEUTT3AF0C3CRR2HFC9SJTJ0KNYA6RJHREUYL2WM23XURQUHTKM0",
];

fn found(dir: &Path, env: &[(&str, &str)], name: &str) -> Result<String, String> {
    let env: Vec<(String, String)> = env
        .iter()
        .map(|(k, v)| ((*k).into(), (*v).into()))
        .collect();
    let env = move |name: &str| {
        env.iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.clone())
    };
    let lookup = Lookup::new(dir, &env);
    match lookup.find(name) {
        Found::Value(value) => Ok(value.reveal().to_owned()),
        Found::Missing { empty: false } => Err("missing".to_owned()),
        Found::Missing { empty: true } => Err("empty".to_owned()),
        Found::Unreadable(error) => Err(format!("{error}; {}", error.remedy())),
    }
}

fn dir() -> TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn a_file_that_age_wrote_is_read_with_each_of_its_keys() {
    let dir = dir();
    fs::write(dir.path().join(FILE), THEIRS).unwrap();
    for key in KEYS {
        let value = found(dir.path(), &[("CAXTON_SECRETS_KEY", key)], "OPENAI_API_KEY");
        assert_eq!(value.as_deref(), Ok("sk-from-another-tool"));
    }
}

#[test]
fn the_environment_comes_before_the_file() {
    let dir = dir();
    let key = ("CAXTON_SECRETS_KEY", KEYS[0]);
    let name = "OPENAI_API_KEY";
    let check = |env: &[(&str, &str)], name: &str, expected: Result<&str, &str>| {
        let value = found(dir.path(), env, name);
        assert_eq!(value.as_deref().map_err(String::as_str), expected);
    };
    check(&[(name, "")], name, Err("empty"));
    check(&[], name, Err("missing"));
    fs::write(dir.path().join(FILE), THEIRS).unwrap();
    // The key is needed only where the environment does not help.
    check(&[(name, "sk-mine")], name, Ok("sk-mine"));
    check(&[key, (name, "sk-mine")], name, Ok("sk-mine"));
    check(&[key, (name, "")], name, Ok("sk-from-another-tool"));
    check(&[key], "OTHER", Err("missing"));
    check(&[key, ("OTHER", "")], "OTHER", Err("empty"));
}

#[test]
fn what_was_written_is_read_again_by_each_recipient_and_by_nobody_else() {
    let dir = dir();
    let mine = Identity::generate().unwrap();
    let theirs: Identity = KEYS[1].parse().unwrap();
    let mut file = SecretsFile::default();
    for (name, value) in [
        ("B", "Bearer \"x\\y\"\t="),
        ("A_1", "é"),
        ("C", &"long".repeat(40_000)),
    ] {
        file.values.insert(name.to_owned(), SecretValue::new(value));
    }
    file.write(dir.path(), &[mine.recipient(), theirs.recipient()])
        .unwrap();
    let text = fs::read_to_string(dir.path().join(FILE)).unwrap();
    assert!(text.starts_with("-----BEGIN AGE ENCRYPTED FILE-----\n") && text.is_ascii());
    let mine = mine.reveal().to_string();
    for key in [mine.as_str(), KEYS[1]] {
        for (name, value) in &file.values {
            let read = found(dir.path(), &[("CAXTON_SECRETS_KEY", key)], name);
            assert_eq!(read.as_deref(), Ok(value.reveal()));
        }
    }
    let read = found(dir.path(), &[("CAXTON_SECRETS_KEY", KEYS[0])], "B").unwrap_err();
    assert!(
        read.contains("another key (the key is that of CAXTON_SECRETS_KEY)"),
        "{read}"
    );
    // What could not be read again is not written.
    let before = fs::read(dir.path().join(FILE)).unwrap();
    let large = SecretValue::new("long".repeat(200_000));
    file.values.insert("D".to_owned(), large);
    let refused = file.write(dir.path(), &[theirs.recipient()]).unwrap_err();
    assert!(matches!(refused, Error::TooLarge), "{refused}");
    assert_eq!(fs::read(dir.path().join(FILE)).unwrap(), before);
    file.values.clear();
    file.write(dir.path(), &[]).unwrap();
    assert!(!SecretsFile::is_in(dir.path()));
}

#[test]
fn a_key_is_found_and_kept_as_a_key_should_be() {
    let (home, dir) = (dir(), dir());
    fs::write(dir.path().join(FILE), THEIRS).unwrap();
    let home = home.path();
    let usual = home.join(".config/caxton/secrets.key");
    let own = home.join("own.key");
    let (at_home, at_own) = (
        ("HOME", home.to_str().unwrap()),
        ("CAXTON_SECRETS_KEY_FILE", own.to_str().unwrap()),
    );
    let check = |env: &[(&str, &str)], says: &[&str]| {
        let told = found(dir.path(), env, "OPENAI_API_KEY").unwrap_or_else(|error| error);
        assert!(
            says.iter().all(|part| told.contains(part)),
            "{env:?}: {told}"
        );
    };
    check(&[], &["neither", "HOME", "set CAXTON_SECRETS_KEY"]);
    check(
        &[at_home],
        &[
            "there is no key in",
            ".config/caxton/secrets.key",
            "CAXTON_SECRETS_KEY",
        ],
    );
    check(
        &[("XDG_CONFIG_HOME", "/nowhere"), at_home],
        &["there is no key in /nowhere/caxton/secrets.key"],
    );
    check(&[at_home, at_own], &["there is no key in", "own.key"]);
    check(
        &[at_home, at_own, ("CAXTON_SECRETS_KEY", "hunter2")],
        &["CAXTON_SECRETS_KEY is not an age identity"],
    );

    // One that was made here is not the one that is needed, but is kept well.
    let env = move |name: &str| (name == "HOME").then(|| home.to_str().unwrap().to_owned());
    let (key, made) = Key::find_or_make(dir.path(), &env).unwrap();
    assert!(made && key.place == Place::File(usual.clone()));
    let (again, made) = Key::find_or_make(dir.path(), &env).unwrap();
    assert!(!made && again.recipient() == key.recipient());
    check(&[at_home], &["another key", "recipients"]);

    // As `age-keygen` writes them.
    fs::write(
        &own,
        format!("# created: today\n# public key: age1…\n{}\n", KEYS[0]),
    )
    .unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(
            (mode(&usual), mode(usual.parent().unwrap())),
            (0o600, 0o700)
        );
        fs::set_permissions(&own, fs::Permissions::from_mode(0o640)).unwrap();
        check(&[at_own], &["others can read its key", "0640", "chmod 600"]);
        fs::set_permissions(&own, fs::Permissions::from_mode(0o400)).unwrap();
    }
    check(&[at_own], &["sk-from-another-tool"]);
    let inside = dir.path().join("key");
    fs::copy(&own, &inside).unwrap();
    check(
        &[("CAXTON_SECRETS_KEY_FILE", inside.to_str().unwrap())],
        &["lies in the workspace"],
    );
    // None is made where it would be refused.
    let within = dir.path().join("new/secrets.key");
    let text = within.to_str().unwrap().to_owned();
    let env = move |name: &str| (name == "CAXTON_SECRETS_KEY_FILE").then(|| text.clone());
    assert!(Key::find_or_make(dir.path(), &env).is_err() && !within.exists());
}

#[test]
fn a_file_that_was_changed_is_refused_and_shows_nothing() {
    let dir = dir();
    let identity: Identity = KEYS[0].parse().unwrap();
    let check = |bytes: &[u8], says: &str| {
        fs::write(dir.path().join(FILE), bytes).unwrap();
        let told = found(dir.path(), &[("CAXTON_SECRETS_KEY", KEYS[0])], "A").unwrap_err();
        assert!(told.contains(says) && !told.contains("hunter2"), "{told}");
    };
    let content = |text: &str| age::encrypt(text.as_bytes(), &[identity.recipient()]).unwrap();
    check(content("A = \"hunter2\"\nhunter2\n").as_bytes(), "line 2");
    check(content("A = \"hunter2\"\nB = 1\n").as_bytes(), "line 2");
    check(b"", "no age file");
    check(b"A = \"hunter2\"", "no age file");
    check(&vec![b'x'; (1 << 20) + 1], "more than");
    let sound = content("A = \"hunter2\"\n");
    check(&sound.as_bytes()[..sound.len() - 60], "damaged");
}
