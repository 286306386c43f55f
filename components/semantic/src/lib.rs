//! A router by meaning: the host's sentence vectors say how close a message is to what each agent can do. Where the host
//! has no model this router answers an error, and the host asks its fallback router.

mod rank;

use caxton_sdk::router::{Candidate, Decision};
use caxton_sdk::{Router, config, embed};
pub use rank::{decide, texts};

/// The score from which an agent counts as fitting, unless the setting `threshold` says otherwise. Of the requests in
/// `tests/data/routing` that are there for tuning it turns away seven of ten that are for nobody, and hardly any that is for
/// somebody and would have found its agent.
pub const THRESHOLD: f32 = 0.3;
/// Texts in one call to the host, half of what it takes at once.
const TEXTS_PER_CALL: usize = 512;

struct Semantic;

impl Router for Semantic {
    fn route(message: &str, candidates: &[Candidate]) -> Result<Decision, String> {
        let threshold = match config::parse::<f32>("threshold")? {
            Some(threshold) if (0.0..=1.0).contains(&threshold) => threshold,
            Some(threshold) => {
                return Err(format!(
                    "The setting `threshold` is {threshold}; it must lie between 0 and 1"
                ));
            }
            None => THRESHOLD,
        };
        let all: Vec<String> = candidates.iter().flat_map(texts).collect();
        let mut similarities = Vec::with_capacity(all.len());
        for some in all.chunks(TEXTS_PER_CALL) {
            similarities.extend(embed::similarities(message, some).map_err(
                |error| match error {
                    embed::Error::Unavailable(text) => {
                        format!("No vectors to compare with: {text}")
                    }
                    embed::Error::Limit(text) => format!("The message can't be compared: {text}"),
                },
            )?);
        }
        if similarities.len() != all.len() {
            return Err("The host gave another number of similarities than of texts".to_owned());
        }
        Ok(decide(candidates, &similarities, threshold))
    }
}

caxton_sdk::export_router!(Semantic);

#[cfg(test)]
mod tests {
    use caxton_sdk::{Router, testing};

    use super::Semantic;

    #[test]
    fn without_a_model_and_with_a_wrong_setting_it_says_so() {
        let candidates = [caxton_sdk::router::Candidate {
            agent: "a".into(),
            description: "b".into(),
            capabilities: Vec::new(),
        }];
        let error = Semantic::route("hello", &candidates).expect_err("no model");
        assert!(error.starts_with("No vectors to compare with"), "{error}");
        testing::with(|host| host.config.insert("threshold".into(), "7".into()));
        let error = Semantic::route("hello", &candidates).expect_err("out of range");
        assert!(error.contains("`threshold` is 7"), "{error}");
        testing::with(|host| {
            host.config.insert("threshold".into(), "0.9".into());
            host.embed = Some(Box::new(|text| {
                if text == "hello" || text == "a: b" {
                    vec![1.0, 0.0]
                } else {
                    vec![0.0, 1.0]
                }
            }));
        });
        assert_eq!(
            Semantic::route("hello", &candidates)
                .expect("a model")
                .ranked
                .len(),
            1
        );
        assert!(
            Semantic::route("other", &candidates)
                .expect("a model")
                .ranked
                .is_empty()
        );
    }
}
