//! What of a message is worth remembering: sentences that state something, by themselves and for longer than the conversation.
//! Greetings, thanks, questions, requests, complaints, what a tool or a log printed, and what carries a credential are not.
//! There is no model behind this; it rather misses a fact than keeps chaff, for what is missed the agent can still keep by its
//! tools, and chaff would be found ever after.

use super::lists::{
    ADVERBS, AFTER_NAMES, BEFORE, CALLED, COMPLAINTS, CREDENTIAL_WORDS, CREDENTIALS, FILLERS, KEYS,
    LASTING, NOT_NAMES, OBLIGED, ONESELF, PASSING, POINTING, REMEMBER, REQUESTS, SPOKEN,
    VERBS_AFTER, entries, has,
};
use super::words::{one_line, words};

/// Longer messages are documents, and not what somebody tells.
const MESSAGE_BYTES_MAX: usize = 8 << 10;

/// The most facts of one message.
const FACTS_MAX: usize = 8;

/// How long a sentence is that says something, and that can be grasped at a glance.
const FACT_CHARS_MIN: usize = 8;
const FACT_CHARS_MAX: usize = 300;

/// As many bytes has the name of an entity at most; scripts of four bytes a sign reach that before the characters do.
const FACT_BYTES_MAX: usize = 1 << 10;

/// The most words of a name to be called by.
const NAME_WORDS_MAX: usize = 3;

/// What of `message` is worth remembering, in its order; nothing of most messages.
pub(super) fn facts(message: &str) -> Vec<String> {
    if message.len() > MESSAGE_BYTES_MAX {
        return Vec::new();
    }
    let mut facts: Vec<String> = Vec::new();
    for line in prose(message) {
        for fact in sentences(line).into_iter().filter_map(fact) {
            if facts.len() < FACTS_MAX && !facts.contains(&fact) {
                facts.push(fact);
            }
        }
    }
    facts
}

/// The lines of a message that somebody wrote, and not a program: no code, quotes, tables or logs.
fn prose(message: &str) -> Vec<&str> {
    let mut fenced = false;
    let mut lines = Vec::new();
    for line in message.lines() {
        let text = line.trim();
        if text.starts_with("```") || text.starts_with("~~~") {
            fenced = !fenced;
        } else if !fenced
            && !line.starts_with(['\t', '>', '|', '#', '$', '{', '[', '<'])
            && !line.starts_with("    ")
            && !is_data(text)
        {
            let bullet = ["- ", "* ", "• "]
                .iter()
                .find_map(|mark| text.strip_prefix(mark));
            lines.push(bullet.unwrap_or(text).trim());
        }
    }
    lines
}

/// Whether a line looks like what a program printed: much of it is no letter, digit or space.
fn is_data(line: &str) -> bool {
    let marks = |c: &char| !c.is_alphanumeric() && !c.is_whitespace() && !"'’.!?".contains(*c);
    let (all, marked) = (line.chars().count(), line.chars().filter(marks).count());
    let columns = line.matches(['\t', '|', ';']).count() >= 2;
    columns
        || marked * 6 > all
        || line.matches(',').count() * 4 > line.split_whitespace().count() * 3
}

/// The sentences of a line, each with its mark.
fn sentences(line: &str) -> Vec<&str> {
    let mut sentences = Vec::new();
    let mut from = 0;
    for (at, c) in line.char_indices() {
        let wide = "。！？".contains(c);
        if !wide && !".!?".contains(c) {
            continue;
        }
        let end = at + c.len_utf8();
        let spaced = line[end..].chars().next().is_none_or(char::is_whitespace);
        if !spaced && !wide {
            continue;
        }
        let after = line[end..].trim_start();
        // A full stop in the middle of a sentence stands after an abbreviation, or before what goes on in lower case.
        let goes_on =
            c == '.' && (after.starts_with(char::is_lowercase) || is_abbreviation(&line[from..at]));
        if wide || !goes_on {
            sentences.push(line[from..end].trim());
            from = end;
        }
    }
    sentences.push(line[from..].trim());
    sentences.retain(|sentence| !sentence.is_empty());
    sentences
}

fn is_abbreviation(before: &str) -> bool {
    // None is longer, and a line may be nothing but full stops.
    let last = before.ceil_char_boundary(before.len().saturating_sub(16));
    let word = before[last..]
        .rsplit(char::is_whitespace)
        .next()
        .unwrap_or_default();
    let known = [
        "dr", "mr", "mrs", "ms", "prof", "st", "no", "nr", "vs", "etc", "e.g", "i.e", "z.b",
    ];
    word.chars().count() == 1 && !word.eq_ignore_ascii_case("i")
        || known.contains(&word.to_lowercase().as_str())
}

/// The fact that a sentence states, in one line; nothing where it states none.
fn fact(sentence: &str) -> Option<String> {
    let line = one_line(sentence);
    let sentence = line.trim_matches(['"', '“', '”', '*', ' ']);
    if has_credential(sentence) {
        return None;
    }
    let stated = stated(sentence)?.trim();
    is_sized(stated)
        .then(|| capitalised(stated))
        .filter(|fact| fact.len() <= FACT_BYTES_MAX)
}

/// The part of a sentence that states something.
fn stated(sentence: &str) -> Option<&str> {
    let told = after_any(sentence, REMEMBER);
    if let Some(told) = told.filter(|told| told.split_whitespace().count() > 1 && !asks(told)) {
        return Some(told);
    }
    let plain = without_fillers(sentence);
    if after_any(plain, CALLED).is_some_and(is_name) {
        return Some(plain);
    }
    if asks(plain) {
        // `I'm a vegetarian, what should I cook?` states something, too.
        let (stated, asked) = plain.rsplit_once([',', ';', '—'])?;
        let states = asks(asked.trim_start()) && is_of_oneself(stated) && states(stated);
        return states.then_some(stated);
    }
    states(plain).then_some(plain)
}

/// Whether a text begins with what somebody may be called, and goes on with nothing that makes it something else: `Bob`, `Bob,
/// please`, but not `Monday` or `when it is done`.
fn is_name(text: &str) -> bool {
    let all: Vec<&str> = text.split_whitespace().collect();
    let is_capital = |word: &&&str| word.starts_with(char::is_uppercase);
    let capitals = all.iter().take_while(is_capital).count();
    let divided = all[..capitals]
        .iter()
        .position(|word| word.ends_with([',', ';']));
    let (name, rest) = all.split_at(divided.map_or(capitals, |place| place + 1));
    let after: Vec<String> = words(&rest.join(" ")).collect();
    let after = after.join(" ");
    (1..=NAME_WORDS_MAX).contains(&name.len())
        && !first_word(text).is_some_and(|word| has(NOT_NAMES, &word))
        && !text.ends_with('?')
        && (divided.is_some()
            || after.is_empty()
            || entries(AFTER_NAMES).any(|known| begins_with(&after, known)))
}

fn is_sized(fact: &str) -> bool {
    let chars = fact.chars().count();
    // A sign of Chinese or Japanese says as much as a few letters.
    let weight: usize = fact.chars().map(|c| if is_wide(c) { 3 } else { 1 }).sum();
    weight >= FACT_CHARS_MIN && chars <= FACT_CHARS_MAX
}

fn is_wide(c: char) -> bool {
    matches!(u32::from(c), 0x3040..=0x30FF | 0x3400..=0x9FFF | 0xAC00..=0xD7AF)
}

fn capitalised(fact: &str) -> String {
    let mut chars = fact.chars();
    let first = chars.next().into_iter().flat_map(char::to_uppercase);
    first.chain(chars).collect()
}

/// Whether a sentence asks or wants something.
fn asks(sentence: &str) -> bool {
    sentence.ends_with(['?', '？', '؟'])
        || sentence.ends_with("吗。")
        || first_word(sentence).is_some_and(|word| has(REQUESTS, &word))
}

/// Whether a sentence begins with who speaks, or what is theirs.
fn is_of_oneself(text: &str) -> bool {
    let own = |word: String| has(ONESELF, &word);
    first_word(text).is_some_and(own) && text.split_whitespace().count() > 2
}

/// Whether a sentence states something that can be understood by itself, and later.
fn states(sentence: &str) -> bool {
    let words: Vec<String> = words(sentence).collect();
    let lower = words.join(" ");
    let mut bare = words.clone();
    bare.retain(|word| !has(ADVERBS, word));
    let one = |place: usize| bare.get(place).map_or("", String::as_str);
    let points = has(POINTING, one(0))
        || (["this", "that", "these", "those"].contains(&one(0)) && has(VERBS_AFTER, one(1)));
    let says = words.iter().any(|word| !has(FILLERS, word));
    let begun = bare.join(" ");
    let passes =
        entries(PASSING).any(|start| begins_with(&lower, start) || begins_with(&begun, start));
    let lasting = is_lasting(&lower);
    let complains = words.iter().any(|word| has(COMPLAINTS, word));
    // Without a mark at its end it may be a heading, or words to search for: then somebody must speak in it.
    let marked = sentence.ends_with(['.', '!', '。', '！']);
    let spoken = is_spoken(&words) || sentence.chars().any(is_wide);
    let enough =
        words.len() >= 3 || (is_of_oneself_shortly(&words)) || sentence.chars().any(is_wide);
    says && enough && (marked || spoken || lasting) && !complains && !passes && (lasting || !points)
}

/// Whether a sentence begins with what is to hold for ever.
fn is_lasting(lower: &str) -> bool {
    let lasts = |text: &str| entries(LASTING).any(|mark| begins_with(text, mark));
    let obliged = entries(OBLIGED).find_map(|start| lower.strip_prefix(start)?.strip_prefix(' '));
    lasts(lower) || obliged.is_some_and(lasts)
}

/// `I'm Anna` is short, and says who speaks.
fn is_of_oneself_shortly(words: &[String]) -> bool {
    words.len() == 2 && words.first().is_some_and(|word| word == "i'm")
}

/// Whether a text without a mark at its end is a sentence: it has a word that seldom stands anywhere else.
fn is_spoken(words: &[String]) -> bool {
    words.iter().any(|word| has(SPOKEN, word))
}

/// Whether a text may have a credential in it.
fn has_credential(text: &str) -> bool {
    // What can't be seen is put between letters so that they are not found.
    let unseen = |c: char| matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}');
    let text = text.replace(unseen, "");
    let lower = text.to_lowercase();
    let is_called = |word: String| has(CREDENTIAL_WORDS, &word);
    entries(CREDENTIALS).any(|mark| lower.contains(mark))
        || words(&text).any(is_called)
        || text.split_whitespace().any(has_user_and_password)
        || text
            .split(|c: char| c.is_whitespace() || "\"'`,;=()".contains(c))
            .any(is_key)
}

/// Whether an address names who may use it: `postgres://user:password@host`.
fn has_user_and_password(word: &str) -> bool {
    let authority = word
        .split_once("://")
        .map(|(_, rest)| rest.split('/').next());
    let user = authority
        .flatten()
        .and_then(|authority| authority.rsplit_once('@'));
    user.is_some_and(|(user, _)| user.contains(':'))
}

/// Whether a word looks like a key: by how it begins, or because nobody would write it by hand.
fn is_key(word: &str) -> bool {
    let word = word.trim_end_matches(['.', '!', '?', ':']);
    if entries(KEYS).any(|start| word.len() > start.len() + 6 && word.starts_with(start)) {
        return true;
    }
    let any = |is: fn(&char) -> bool| word.chars().any(|c| is(&c));
    let plain = word
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "+/_-".contains(c));
    let mixed =
        any(char::is_ascii_uppercase) && any(char::is_ascii_lowercase) && any(char::is_ascii_digit);
    let hex = word.len() >= 32 && word.chars().all(|c| c.is_ascii_hexdigit());
    hex || (word.len() >= 20 && plain && mixed)
}

/// What follows on the longest of these beginnings, whatever their case.
fn after_any<'t>(text: &'t str, beginnings: &'static str) -> Option<&'t str> {
    let after = entries(beginnings).filter_map(|beginning| {
        let (head, rest) = text.split_at_checked(beginning.len())?;
        let ends = !beginning.ends_with(char::is_alphanumeric) || !rest.starts_with(inside);
        (head.eq_ignore_ascii_case(beginning) && ends).then(|| rest.trim_start())
    });
    after.min_by_key(|rest| rest.len())
}

/// A sentence without the fillers before it, where anything comes after them.
fn without_fillers(sentence: &str) -> &str {
    let mut rest = sentence;
    while let Some(next) = after_any(rest, BEFORE) {
        let next = next.trim_start_matches(|c: char| !inside(c));
        if next.is_empty() {
            break;
        }
        rest = next;
    }
    rest
}

fn inside(c: char) -> bool {
    c.is_alphanumeric() || "'’-".contains(c)
}

fn first_word(text: &str) -> Option<String> {
    words(text).next()
}

fn begins_with(words: &str, beginning: &str) -> bool {
    words
        .strip_prefix(beginning)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}

#[cfg(test)]
#[path = "worth_tests.rs"]
mod tests;
