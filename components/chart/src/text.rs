//! How wide words are, and what to do when they are too wide. Which font will be used is not known, so widths are those of
//! Helvetica, which common sans-serif fonts are close to, rounded up.

/// Gives the width of a text in pixels.
pub fn width(text: &str, size: f64) -> f64 {
    text.chars().map(advance).sum::<f64>() * size
}

fn advance(character: char) -> f64 {
    match character {
        'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' | 'I' | ' ' => 0.29,
        'f' | 'r' | 't' | '(' | ')' | '[' | ']' | '-' | '/' => 0.36,
        'm' | 'M' | 'W' | '@' | '%' | '…' => 0.9,
        'w' => 0.75,
        'A'..='Z' => 0.7,
        _ if character < '\u{1100}' => 0.57,
        // Chinese, Japanese, Korean and pictures fill a square.
        _ if character >= '\u{2e80}' => 1.0,
        _ => 0.6,
    }
}

/// Gives the text, cut with an ellipsis where it is wider than `width_max`.
pub fn cut(text: &str, size: f64, width_max: f64) -> String {
    if width(text, size) <= width_max {
        return text.to_owned();
    }
    let mut room = width_max - advance('…') * size;
    let mut kept = String::new();
    for character in text.chars() {
        room -= advance(character) * size;
        if room < 0.0 {
            break;
        }
        kept.push(character);
    }
    format!("{}…", kept.trim_end())
}

/// Breaks a text into at most `lines_max` lines no wider than `width_max`; the last is cut.
pub fn wrap(text: &str, size: f64, width_max: f64, lines_max: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if lines_fit(line, word, size, width_max) => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    if lines.len() > lines_max {
        let rest = lines.split_off(lines_max - 1).join(" ");
        lines.push(rest);
    }
    lines
        .iter()
        .map(|line| cut(line, size, width_max))
        .collect()
}

fn lines_fit(line: &str, word: &str, size: f64, width_max: f64) -> bool {
    width(line, size) + advance(' ') * size + width(word, size) <= width_max
}
