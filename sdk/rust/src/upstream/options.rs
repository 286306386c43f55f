//! Options that a server may refuse. Servers and models differ in what they take, and new ones come more often than providers
//! change; so the answer to a refusal is to ask without.

use crate::log;
use crate::provider::LlmError;

/// Asks, and as long as the server refuses the request as a bad one, asks again with less. `without` takes the options that were
/// refused and the words of the refusal, and gives those that are left; nothing where the words name none of them. It must
/// give up each option once only, so that the asking ends.
///
/// # Errors
/// Those of `ask`; the last `bad-request` where there is nothing to leave out.
///
/// ```
/// use caxton_sdk::provider::LlmError;
/// use caxton_sdk::upstream::ask_for_less;
///
/// let ask = |with_seed: &bool| match with_seed {
///     true => Err(LlmError::BadRequest("no such field: seed".into())),
///     false => Ok("an answer"),
/// };
/// let without = |with_seed: bool, refusal: &str| (with_seed && refusal.contains("seed")).then_some(false);
/// assert_eq!(ask_for_less(true, ask, without), Ok("an answer"));
/// ```
pub fn ask_for_less<O, T>(
    mut options: O,
    mut ask: impl FnMut(&O) -> Result<T, LlmError>,
    mut without: impl FnMut(O, &str) -> Option<O>,
) -> Result<T, LlmError> {
    loop {
        match ask(&options) {
            Err(LlmError::BadRequest(text)) => {
                options = without(options, &text).ok_or(LlmError::BadRequest(text))?;
            }
            outcome => return outcome,
        }
    }
}

/// Says in the log that the request goes to `model` without something that was asked for: `such temperature`.
pub fn left_out(model: &str, what: &str) {
    log::warning(&format!(
        "the model {model} takes no {what}; it was left out"
    ));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Asks a server that refuses each of these options by its name, and gives what was asked and the outcome.
    fn ask(refused: &[char]) -> (Vec<String>, Result<(), LlmError>) {
        let mut asked = Vec::new();
        let outcome = ask_for_less(
            "abc".to_owned(),
            |options| {
                asked.push(options.clone());
                match refused.iter().find(|option| options.contains(**option)) {
                    Some(option) => Err(LlmError::BadRequest(option.to_string())),
                    None if refused.contains(&'!') => Err(LlmError::BadRequest("!".into())),
                    None if refused.contains(&'?') => Err(LlmError::Auth("a".into())),
                    None => Ok(()),
                }
            },
            |options, refusal| {
                options
                    .contains(refusal)
                    .then(|| options.replace(refusal, ""))
            },
        );
        (asked, outcome)
    }

    #[test]
    fn what_is_refused_is_left_out_until_nothing_is() {
        let bad = Err(LlmError::BadRequest("!".into()));
        let auth = Err(LlmError::Auth("a".into()));
        for (refused, asked, outcome) in [
            (&[][..], &["abc"][..], Ok(())),
            (&['b'], &["abc", "ac"], Ok(())),
            (&['c', 'a'], &["abc", "ab", "b"], Ok(())),
            (&['a', '!'], &["abc", "bc"], bad),
            (&['?'], &["abc"], auth),
        ] {
            let expected = asked.iter().map(|text| (*text).to_owned()).collect();
            assert_eq!(ask(refused), (expected, outcome), "{refused:?}");
        }
    }
}
