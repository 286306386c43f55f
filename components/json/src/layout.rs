//! Laying out JSON text again without changing what it says: the order of keys and the digits of numbers stay as they are.

/// Gives `text`, which must be JSON, with `indent` spaces for each level; on one line where `indent` is none.
pub fn format(text: &str, indent: Option<usize>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut depth = 0;
    let mut characters = text.chars().filter(|c| !matches!(c, '\u{feff}')).peekable();
    let line = |out: &mut String, depth: usize| {
        if let Some(indent) = indent {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', indent * depth));
        }
    };
    while let Some(c) = characters.next() {
        match c {
            '"' => {
                out.push(c);
                while let Some(c) = characters.next() {
                    out.push(c);
                    match c {
                        '\\' => out.extend(characters.next()),
                        '"' => break,
                        _ => {}
                    }
                }
            }
            '{' | '[' => {
                out.push(c);
                while characters.next_if(|c| c.is_ascii_whitespace()).is_some() {}
                match characters.next_if(|next| matches!(next, '}' | ']')) {
                    Some(close) => out.push(close),
                    None => {
                        depth += 1;
                        line(&mut out, depth);
                    }
                }
            }
            '}' | ']' => {
                depth = usize::saturating_sub(depth, 1);
                line(&mut out, depth);
                out.push(c);
            }
            ',' => {
                out.push(c);
                line(&mut out, depth);
            }
            ':' => out.push_str(if indent.is_some() { ": " } else { ":" }),
            c if c.is_ascii_whitespace() => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layout_changes_nothing_else() {
        let text = "{ \"b\" : [1.10, 123456789012345678901234567890 ,{}],\n\"a\":\"x: {,} \\\" ü\", \"c\" : [ ] }";
        assert_eq!(
            format(text, None),
            "{\"b\":[1.10,123456789012345678901234567890,{}],\"a\":\"x: {,} \\\" ü\",\"c\":[]}"
        );
        assert_eq!(
            format("{\"a\":[1,{}],\"b\":[]}", Some(2)),
            "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": []\n}"
        );
        assert_eq!(format(&format(text, Some(4)), None), format(text, None));
    }
}
