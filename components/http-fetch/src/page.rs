//! What a web page says, as text: a rough reading of HTML for models and people, not a browser. Scripts and styles are
//! left out, headings and lists keep a mark, entities become characters.

/// Elements whose content is never shown.
const HIDDEN: &[&str] = &[
    "script", "style", "noscript", "template", "svg", "head", "iframe", "object", "canvas",
];
/// Elements that begin and end a line.
const BLOCKS: &[&str] = &[
    "address",
    "article",
    "aside",
    "blockquote",
    "body",
    "dd",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "html",
    "li",
    "main",
    "nav",
    "ol",
    "p",
    "pre",
    "section",
    "table",
    "tr",
    "ul",
];

/// Gives the page's title, where it has one, and its text.
pub fn read(html: &str) -> (Option<String>, String) {
    let mut text = Text::default();
    let mut title = None;
    let mut at = 0;
    while let Some(offset) = html[at..].find('<') {
        text.push(&entities(&html[at..at + offset]));
        at += offset;
        if html[at..].starts_with("<!--") {
            at = html[at..]
                .find("-->")
                .map_or(html.len(), |end| at + end + 3);
            continue;
        }
        let Some(tag) = Tag::at(&html[at..]) else {
            text.push("<");
            at += 1;
            continue;
        };
        at += tag.length;
        // The title stands in the head, which is hidden.
        if tag.name == "title" && !tag.is_end && title.is_none() {
            let end = find_end(&html[at..], "title");
            title = Some(
                entities(&html[at..at + end])
                    .split_whitespace()
                    .collect::<Vec<_>>()
                    .join(" "),
            )
            .filter(|title| !title.is_empty());
            at += end;
        } else if tag.name == "head" && !tag.is_end {
            let end = find_end(&html[at..], "head");
            let head = &html[at..at + end];
            if let Some(start) = head.to_ascii_lowercase().find("<title") {
                title = title.or_else(|| read(&head[start..]).0);
            }
            at += end;
        } else if !tag.is_end && HIDDEN.contains(&tag.name.as_str()) && !tag.is_closed {
            at += find_end(&html[at..], &tag.name);
        } else {
            text.tag(&tag);
        }
    }
    text.push(&entities(&html[at..]));
    (title, text.finish())
}

/// The offset of the end tag of `name`; the whole length where there is none.
fn find_end(html: &str, name: &str) -> usize {
    let end = format!("</{name}");
    let bytes = html.as_bytes();
    (0..bytes.len().saturating_sub(end.len() - 1))
        .find(|at| bytes[*at..*at + end.len()].eq_ignore_ascii_case(end.as_bytes()))
        .unwrap_or(html.len())
}

struct Tag {
    /// In lower case.
    name: String,
    is_end: bool,
    /// Ends with `/>`.
    is_closed: bool,
    /// Of the whole tag, in bytes.
    length: usize,
}

impl Tag {
    /// Reads the tag at the start of `html`. Gives nothing where `<` is just a sign.
    fn at(html: &str) -> Option<Self> {
        let rest = &html[1..];
        let is_end = rest.starts_with('/');
        let rest = rest.strip_prefix('/').unwrap_or(rest);
        if !rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '!' || c == '?') {
            return None;
        }
        let name: String = rest
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || *c == '-')
            .collect::<String>()
            .to_ascii_lowercase();
        let mut quote = None;
        for (at, c) in html.char_indices().skip(1) {
            match (quote, c) {
                (None, '"' | '\'') => quote = Some(c),
                (Some(open), c) if c == open => quote = None,
                (None, '>') => {
                    return Some(Self {
                        name,
                        is_end,
                        is_closed: html[..at].ends_with('/'),
                        length: at + 1,
                    });
                }
                _ => {}
            }
        }
        // A tag that never ends swallows the rest, as in a browser.
        Some(Self {
            name,
            is_end,
            is_closed: false,
            length: html.len(),
        })
    }
}

/// Text that is being put together, with its spaces and empty lines in order.
#[derive(Default)]
struct Text {
    text: String,
    /// A space is due before the next word.
    space: bool,
    /// Line breaks due before the next word: 2 make an empty line.
    breaks: usize,
    /// What the next word is preceded by.
    mark: String,
    /// Inside `pre`, how deep.
    verbatim: usize,
}

impl Text {
    fn push(&mut self, text: &str) {
        if self.verbatim > 0 {
            if !text.is_empty() {
                self.settle();
                self.text.push_str(text);
            }
            return;
        }
        for (at, piece) in text
            .split(|c: char| c.is_whitespace() && c != '\u{a0}')
            .enumerate()
        {
            self.space |= at > 0;
            if !piece.is_empty() {
                self.settle();
                self.text.push_str(&piece.replace('\u{a0}', " "));
                self.space = false;
            }
        }
    }

    /// Writes the spaces and breaks that are due.
    fn settle(&mut self) {
        if self.text.is_empty() {
            self.breaks = 0;
        } else if self.breaks > 0 {
            self.text
                .extend(std::iter::repeat_n('\n', self.breaks.min(2)));
        } else if self.space && !self.text.ends_with([' ', '\n']) {
            self.text.push(' ');
        }
        self.breaks = 0;
        self.space = false;
        self.text.push_str(&std::mem::take(&mut self.mark));
    }

    fn tag(&mut self, tag: &Tag) {
        match tag.name.as_str() {
            "br" => self.breaks += 1,
            "td" | "th" if tag.is_end => {
                self.space = true;
                if self.breaks == 0 && self.mark.is_empty() && !self.text.is_empty() {
                    self.text.push_str(" |");
                }
            }
            "pre" => {
                self.breaks = self.breaks.max(2);
                self.verbatim = if tag.is_end {
                    self.verbatim.saturating_sub(1)
                } else {
                    self.verbatim + 1
                };
            }
            name if BLOCKS.contains(&name) => {
                let is_line = matches!(name, "li" | "tr" | "dd" | "dt" | "div" | "option");
                self.breaks = self.breaks.max(if is_line { 1 } else { 2 });
                self.mark = match (name, tag.is_end) {
                    ("li", false) => "- ".to_owned(),
                    ("h1" | "h2" | "h3" | "h4" | "h5" | "h6", false) => {
                        format!("{} ", "#".repeat(usize::from(name.as_bytes()[1] - b'0')))
                    }
                    _ => String::new(),
                };
            }
            _ => {}
        }
    }

    fn finish(self) -> String {
        self.text.trim_end().to_owned()
    }
}

/// Replaces the entities that pages really use.
fn entities(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest
            .as_bytes()
            .iter()
            .take(12)
            .position(|byte| *byte == b';');
        match end.and_then(|end| character(&rest[1..end]).map(|c| (c, end))) {
            Some((c, end)) => {
                out.push(c);
                rest = &rest[end + 1..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

#[rustfmt::skip]
fn character(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code).filter(|c| !c.is_control() || *c == '\n');
    }
    Some(match name {
        "amp" => '&', "lt" => '<', "gt" => '>', "quot" => '"', "apos" => '\'', "nbsp" => '\u{a0}',
        "mdash" => '—', "ndash" => '–', "hellip" => '…', "lsquo" => '‘', "rsquo" => '’', "ldquo" => '“', "rdquo" => '”',
        "laquo" => '«', "raquo" => '»', "bull" => '•', "middot" => '·', "copy" => '©', "reg" => '®', "trade" => '™',
        "deg" => '°', "euro" => '€', "pound" => '£', "yen" => '¥', "cent" => '¢', "sect" => '§', "times" => '×',
        "auml" => 'ä', "ouml" => 'ö', "uuml" => 'ü', "Auml" => 'Ä', "Ouml" => 'Ö', "Uuml" => 'Ü', "szlig" => 'ß',
        "eacute" => 'é', "egrave" => 'è', "agrave" => 'à', "ccedil" => 'ç', "ecirc" => 'ê', "ntilde" => 'ñ', "aring" => 'å',
        "larr" => '←', "rarr" => '→', "ne" => '≠', "le" => '≤', "ge" => '≥', "minus" => '−', "shy" | "zwnj" => '\u{200b}',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_become_text() {
        for (html, title, text) in [
            (
                "<!doctype html><html><head><title> A &amp; B </title><style>p{}</style></head><body><h1>Hi</h1><p>One\n two <b>three</b>.</p><ul><li>x</li><li>y</li></ul><script>if (a<b) {}</script></body></html>",
                Some("A & B"),
                "# Hi\n\nOne two three.\n\n- x\n- y",
            ),
            (
                "<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table>",
                None,
                "a | b |\n1 | 2 |",
            ),
            ("<pre>a\n  b</pre>c", None, "a\n  b\n\nc"),
            (
                "plain &lt;text&gt; &#8364;&#x41;&nbsp;&unknown; & more",
                None,
                "plain <text> €A &unknown; & more",
            ),
            ("a < b and c > d", None, "a < b and c > d"),
            ("<!-- no <b>this</b> -->yes<!-- open", None, "yes"),
            ("<a title=\"x > y\">link</a>", None, "link"),
            ("<p>unclosed <b", None, "unclosed"),
            ("<script>never ends", None, ""),
            ("", None, ""),
        ] {
            let (found, body) = read(html);
            assert_eq!((found.as_deref(), body.as_str()), (title, text), "{html}");
        }
    }

    #[test]
    fn a_hostile_page_does_not_hang() {
        for piece in [
            "<", "<<", "&", "<!--", "<p ", "<title>", "</", "<a \"", "&#",
        ] {
            let _ = read(&piece.repeat(3_000));
        }
    }
}
