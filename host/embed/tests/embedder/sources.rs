//! Where the model comes from, and what is said where it is missing or damaged.

use caxton_embed::{Embedder, Error, Source, State};

use crate::model_directory;

#[test]
fn an_absent_model_is_said_at_once() {
    let embedder = Embedder::open(Source::Absent("built without it".to_owned()));
    assert_eq!(
        embedder.state(),
        State::Unavailable("built without it".to_owned())
    );
    let error = embedder.embed(&["text"]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the embedding model is not available: built without it"
    );
}

#[test]
fn the_model_can_come_from_memory() {
    let read = |name: &str| -> &'static [u8] {
        std::fs::read(model_directory().join(name)).unwrap().leak()
    };
    let source = Source::Bytes {
        config: read("config.json"),
        tokenizer: read("tokenizer.json"),
        weights: read("model.safetensors"),
    };
    let vectors = Embedder::open(source)
        .embed(&["This is an example sentence"])
        .unwrap();
    // From the model's card.
    for (found, published) in vectors[0]
        .iter()
        .zip([0.067_657, 0.063_496, 0.048_713, 0.079_305])
    {
        assert!((found - published).abs() < 2e-4, "{found} {published}");
    }
}

/// A copy of the model with one file replaced, or left out where there are no bytes.
fn with(name: &str, bytes: Option<&[u8]>, in_error: &[&str]) {
    let directory = tempfile::tempdir().unwrap();
    for file in ["config.json", "tokenizer.json", "model.safetensors"] {
        let to = directory.path().join(file);
        match bytes {
            _ if file != name => std::fs::hard_link(model_directory().join(file), &to)
                .or_else(|_| std::fs::copy(model_directory().join(file), &to).map(drop))
                .unwrap(),
            Some(bytes) => std::fs::write(&to, bytes).unwrap(),
            None => {}
        }
    }
    let embedder = Embedder::open(Source::Directory(directory.path().to_owned()));
    let Err(Error::Unavailable(reason)) = embedder.embed(&["text"]) else {
        panic!("{name} with {bytes:?} was accepted")
    };
    assert_eq!(embedder.state(), State::Unavailable(reason.clone()));
    let path = directory.path().join(name).display().to_string();
    for part in in_error.iter().chain([&path.as_str()]) {
        assert!(reason.contains(part), "{reason:?} does not say {part:?}");
    }
}

#[test]
fn a_missing_or_damaged_file_is_named_with_the_reason() {
    for name in ["config.json", "tokenizer.json", "model.safetensors"] {
        with(name, None, &["can't read"]);
        with(name, Some(b""), &[]);
        with(name, Some(b"<html>404</html>"), &[]);
        let whole = std::fs::read(model_directory().join(name)).unwrap();
        with(name, Some(&whole[..whole.len() / 2]), &[]);
    }
    let changed = |from: &str, to: &str| {
        let config = std::fs::read_to_string(model_directory().join("config.json")).unwrap();
        assert!(config.contains(from));
        config.replace(from, to).into_bytes()
    };
    let check = |from, to, said: &[&str]| with("config.json", Some(&changed(from, to)), said);
    check(
        "\"hidden_size\": 384",
        "\"hidden_size\": 768",
        &["hidden_size is 768"],
    );
    check("heads\": 12", "heads\": 0", &["num_attention_heads is 0"]);
    check("\"gelu\"", "\"relu\"", &["hidden_act", "relu"]);
    check(
        "embeddings\": 512",
        "embeddings\": 128",
        &["max_position_embeddings is 128"],
    );
}

#[test]
fn files_that_do_not_fit_together_are_refused() {
    let check = |from: &str, to: &str, said: [&str; 2]| {
        let config = std::fs::read_to_string(model_directory().join("config.json")).unwrap();
        let directory = tempfile::tempdir().unwrap();
        for name in ["tokenizer.json", "model.safetensors"] {
            std::fs::copy(model_directory().join(name), directory.path().join(name)).unwrap();
        }
        assert!(config.contains(from));
        let config = config.replace(from, to);
        std::fs::write(directory.path().join("config.json"), config).unwrap();
        let embedder = Embedder::open(Source::Directory(directory.path().to_owned()));
        let error = embedder.embed(&["text"]).unwrap_err().to_string();
        assert!(said.iter().all(|part| error.contains(part)), "{error}");
    };
    check("1536", "1537", ["config.json", "must be 1536"]);
    check(
        "num_hidden_layers\": 6",
        "num_hidden_layers\": 7",
        ["model.safetensors", "layer.6"],
    );
    check("30522", "30000", ["tokenizer.json", "30522 tokens"]);
}
