//! Writing SVG: elements with escaped text and short numbers, nothing that a viewer would have to fetch, no style sheet, so
//! that every program shows the same.

use std::fmt::Write;

use crate::palette;

/// Where a text stands to its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// It begins there.
    Start,
    /// Its middle is there.
    Middle,
    /// It ends there.
    End,
}

/// A rectangle, in pixels from the top left.
#[derive(Clone, Copy, Debug)]
pub struct Rect {
    /// The left edge.
    pub x: f64,
    /// The upper edge.
    pub y: f64,
    /// How wide it is.
    pub width: f64,
    /// How high it is.
    pub height: f64,
}

/// A drawing.
#[derive(Debug)]
pub struct Svg {
    width: f64,
    height: f64,
    body: String,
}

// Writing into a string can't fail, so the results of `write!` here are not looked at.
impl Svg {
    /// Gives an empty drawing.
    pub fn new(width: f64, height: f64) -> Self {
        Self {
            width,
            height,
            body: String::new(),
        }
    }

    /// Draws a rectangle; `tip` is what a browser shows when the pointer rests on it.
    pub fn rect(&mut self, rect: Rect, fill: &str, opacity: f64, tip: Option<&str>) {
        let Rect {
            x,
            y,
            width,
            height,
        } = rect;
        let _ = write!(
            self.body,
            r#"<rect x="{}" y="{}" width="{}" height="{}" fill="{fill}"{}"#,
            short(x),
            short(y),
            short(width),
            short(height),
            opacity_of(opacity)
        );
        self.close("rect", tip);
    }

    /// Draws a line.
    pub fn line(&mut self, from: (f64, f64), to: (f64, f64), stroke: &str, width: f64) {
        let _ = writeln!(
            self.body,
            r#"<line x1="{}" y1="{}" x2="{}" y2="{}" stroke="{stroke}" stroke-width="{}"/>"#,
            short(from.0),
            short(from.1),
            short(to.0),
            short(to.1),
            short(width)
        );
    }

    /// Draws a line through points.
    pub fn polyline(
        &mut self,
        points: &[(f64, f64)],
        stroke: &str,
        width: f64,
        dash: Option<&str>,
    ) {
        let dash = dash
            .map(|dash| format!(r#" stroke-dasharray="{dash}""#))
            .unwrap_or_default();
        let points: Vec<String> = points
            .iter()
            .map(|(x, y)| format!("{},{}", short(*x), short(*y)))
            .collect();
        let _ = writeln!(
            self.body,
            r#"<polyline points="{}" fill="none" stroke="{stroke}" stroke-width="{}" stroke-linejoin="round" stroke-linecap="round"{dash}/>"#,
            points.join(" "),
            short(width)
        );
    }

    /// Draws a disc with a thin edge in the colour of the paper.
    pub fn disc(
        &mut self,
        centre: (f64, f64),
        radius: f64,
        fill: &str,
        opacity: f64,
        tip: Option<&str>,
    ) {
        let _ = write!(
            self.body,
            r#"<circle cx="{}" cy="{}" r="{}" fill="{fill}"{} stroke="{}" stroke-width="1""#,
            short(centre.0),
            short(centre.1),
            short(radius),
            opacity_of(opacity),
            palette::PAPER
        );
        self.close("circle", tip);
    }

    /// Draws an area along a path.
    pub fn path(&mut self, path: &str, fill: &str, opacity: f64, tip: Option<&str>) {
        let _ = write!(
            self.body,
            r#"<path d="{path}" fill="{fill}"{} stroke="{}" stroke-width="1.5" stroke-linejoin="round""#,
            opacity_of(opacity),
            palette::PAPER
        );
        self.close("path", tip);
    }

    /// Writes a text.
    pub fn text(&mut self, at: (f64, f64), text: &str, style: Style) {
        let anchor = match style.anchor {
            Anchor::Start => "",
            Anchor::Middle => r#" text-anchor="middle""#,
            Anchor::End => r#" text-anchor="end""#,
        };
        let weight = if style.bold {
            r#" font-weight="600""#
        } else {
            ""
        };
        let halo = match style.halo {
            true => format!(
                r#" stroke="{}" stroke-width="3" stroke-linejoin="round" paint-order="stroke""#,
                palette::PAPER
            ),
            false => String::new(),
        };
        let (x, y) = (short(at.0), short(at.1));
        let turn = match style.turn {
            0.0 => String::new(),
            turn => format!(r#" transform="rotate({} {x} {y})""#, short(turn)),
        };
        let _ = writeln!(
            self.body,
            r#"<text x="{x}" y="{y}" font-size="{}" fill="{}"{anchor}{weight}{halo}{turn}>{}</text>"#,
            short(style.size),
            style.fill,
            escape(text)
        );
    }

    /// Gives the drawing as a document; `title` and `description` are for those who can't see it.
    pub fn finish(self, title: &str, description: &str) -> String {
        let (width, height) = (short(self.width), short(self.height));
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
             role=\"img\" aria-labelledby=\"title description\" \
             font-family=\"Inter, 'Helvetica Neue', Helvetica, Arial, sans-serif\">\n\
             <title id=\"title\">{}</title>\n<desc id=\"description\">{}</desc>\n\
             <rect width=\"{width}\" height=\"{height}\" fill=\"{}\"/>\n{}</svg>\n",
            escape(title),
            escape(description),
            palette::PAPER,
            self.body
        )
    }

    fn close(&mut self, element: &str, tip: Option<&str>) {
        let _ = match tip {
            Some(tip) => writeln!(self.body, "><title>{}</title></{element}>", escape(tip)),
            None => writeln!(self.body, "/>"),
        };
    }
}

/// How a text looks.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    size: f64,
    fill: &'static str,
    anchor: Anchor,
    bold: bool,
    halo: bool,
    turn: f64,
}

impl Style {
    /// Gives a plain text of a size in pixels.
    pub fn new(size: f64, fill: &'static str, anchor: Anchor) -> Self {
        Self {
            size,
            fill,
            anchor,
            bold: false,
            halo: false,
            turn: 0.0,
        }
    }

    /// Makes it bold.
    pub fn bold(mut self) -> Self {
        self.bold = true;
        self
    }

    /// Keeps lines behind it away from it.
    pub fn halo(mut self) -> Self {
        self.halo = true;
        self
    }

    /// Turns it clockwise about its point, in degrees.
    pub fn turned(mut self, degrees: f64) -> Self {
        self.turn = degrees;
        self
    }
}

/// Writes a coordinate to a hundredth of a pixel.
pub fn short(value: f64) -> String {
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" {
        "0".into()
    } else {
        text.to_owned()
    }
}

fn opacity_of(opacity: f64) -> String {
    if opacity < 1.0 {
        format!(r#" fill-opacity="{}""#, short(opacity))
    } else {
        String::new()
    }
}

/// Makes a text safe in XML 1.0, which knows no control characters at all.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\u{fffe}' | '\u{ffff}' => {}
            _ if character.is_control() => escaped.push(' '),
            _ => escaped.push(character),
        }
    }
    escaped
}
