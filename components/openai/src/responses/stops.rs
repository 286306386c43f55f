//! Texts that end the answer. The protocol does not know them, so they are looked for here, in what the model writes. It
//! writes on, and that is paid for; but nobody sees it.

/// Looks for the texts in pieces of any size.
#[derive(Debug, Default)]
pub struct Stops {
    texts: Vec<String>,
    /// The end of what came, where it may be the beginning of one of the texts.
    held: String,
    met: bool,
}

impl Stops {
    /// Gives a search for `texts`; empty ones are never found.
    pub fn new(texts: &[String]) -> Self {
        Self {
            texts: texts
                .iter()
                .filter(|text| !text.is_empty())
                .cloned()
                .collect(),
            ..Self::default()
        }
    }

    /// Takes in the next piece and gives what stands before any of the texts for sure.
    pub fn pass(&mut self, piece: &str) -> String {
        if self.met {
            return String::new();
        }
        self.held.push_str(piece);
        let found = self
            .texts
            .iter()
            .filter_map(|text| self.held.find(text.as_str()))
            .min();
        if let Some(at) = found {
            self.met = true;
            self.held.truncate(at);
            return std::mem::take(&mut self.held);
        }
        let begun = self
            .texts
            .iter()
            .map(|text| begun(&self.held, text))
            .max()
            .unwrap_or(0);
        let rest = self.held.split_off(self.held.len() - begun);
        std::mem::replace(&mut self.held, rest)
    }

    /// Gives what was held back, where no more text follows.
    pub fn rest(&mut self) -> String {
        std::mem::take(&mut self.held)
    }

    /// Whether one of the texts was found.
    pub fn is_met(&self) -> bool {
        self.met
    }
}

/// Gives how many bytes at the end of `text` are the beginning of `stop`, but not all of it.
fn begun(text: &str, stop: &str) -> usize {
    stop.char_indices()
        .map(|(at, _)| at)
        .filter(|at| text.ends_with(&stop[..*at]))
        .max()
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_ends_the_answer_wherever_it_is_split() {
        for (stops, whole, expected, is_met) in [
            (&["END"][..], "one ENtwo END three", "one ENtwo ", true),
            (&["END", "two"], "one two END", "one ", true),
            (&["END"], "one EN", "one EN", false),
            (&["ää"], "xäyää", "xäy", true),
            (&["aab"], "aaaab", "aa", true),
            (&[""], "one", "one", false),
            (&[], "one", "one", false),
        ] {
            let stops: Vec<String> = stops.iter().map(|text| (*text).to_owned()).collect();
            let characters: Vec<String> = whole.chars().map(String::from).collect();
            for size in 1..=characters.len() {
                let mut search = Stops::new(&stops);
                let mut passed: String = characters
                    .chunks(size)
                    .map(|piece| search.pass(&piece.concat()))
                    .collect();
                passed += &search.rest();
                assert_eq!(
                    (passed.as_str(), search.is_met()),
                    (expected, is_met),
                    "{whole:?} in {size}s"
                );
            }
        }
    }
}
