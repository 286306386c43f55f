//! The names under the axis: flat where there is room, in two lines, turned where they are long, and only some of them where
//! they are many.

use super::{EDGE, SIZE};
use crate::palette::INK;
use crate::svg::{Anchor, Rect, Style, Svg};
use crate::text;

/// The widest a turned label may be, in pixels along its own direction.
const TURNED_MAX: f64 = 130.0;

/// How far turned labels must be apart.
const TURNED_STEP: f64 = 16.0;

/// How turned labels are turned: half a right angle, as sine and cosine.
const SLANT: f64 = std::f64::consts::FRAC_1_SQRT_2;

/// The space between two flat labels.
const SPACE: f64 = 10.0;

/// How the labels stand.
#[derive(Clone, Debug)]
pub struct Labels {
    lines: Vec<Vec<String>>,
    turned: bool,
    /// Each how-manieth label is written.
    every: usize,
    band: f64,
    /// How much they take below the axis.
    pub height: f64,
}

impl Labels {
    /// Chooses how `labels` stand on an axis of this width; `height_max` is what they may take below it.
    pub fn choose(labels: &[String], width: f64, height_max: f64, sequence: bool) -> Self {
        let band = width / labels.len().max(1) as f64;
        let widest = labels
            .iter()
            .map(|label| text::width(label, SIZE))
            .fold(0.0, f64::max);
        let flat = |every: usize| Self {
            lines: labels.iter().map(|label| vec![label.clone()]).collect(),
            turned: false,
            every,
            band,
            height: 20.0,
        };
        if widest + SPACE <= band {
            return flat(1);
        }
        let words = labels.iter().flat_map(|label| label.split_whitespace());
        let widest_word = words
            .map(|word| text::width(word, SIZE))
            .fold(0.0, f64::max);
        if widest_word + SPACE <= band && widest < 2.2 * (band - SPACE) {
            let lines: Vec<Vec<String>> = labels
                .iter()
                .map(|label| text::wrap(label, SIZE, band - SPACE, 2))
                .collect();
            if lines
                .iter()
                .zip(labels)
                .all(|(lines, label)| lines.join(" ").len() >= label.trim().len())
            {
                return Self {
                    lines,
                    turned: false,
                    every: 1,
                    band,
                    height: 20.0 + SIZE * 1.2,
                };
            }
        }
        // In a sequence such as dates, a reader fills in what is left out; names must all be there if they can.
        let every = ((widest + SPACE) / band).ceil().max(1.0) as usize;
        if (sequence || band < TURNED_STEP * 0.75) && widest < 90.0 && labels.len() / every >= 3 {
            return flat(every);
        }
        let longest = widest
            .min(TURNED_MAX)
            .min((height_max / SLANT - SIZE).max(30.0));
        Self {
            lines: labels
                .iter()
                .map(|label| vec![text::cut(label, SIZE, longest)])
                .collect(),
            turned: true,
            every: (TURNED_STEP / band).ceil().max(1.0) as usize,
            band,
            height: (longest + SIZE) * SLANT + 12.0,
        }
    }

    /// Gives by how much a label would stand out of the picture, where the axis begins at `left`.
    pub fn reach(&self, left: f64) -> f64 {
        if !self.turned {
            return 0.0;
        }
        let out = |(at, lines): (usize, &Vec<String>)| {
            let width = lines.first().map_or(0.0, |line| text::width(line, SIZE));
            width * SLANT - (left + (at as f64 + 0.5) * self.band) + 6.0
        };
        self.lines
            .iter()
            .enumerate()
            .step_by(self.every)
            .map(out)
            .fold(0.0, f64::max)
    }

    /// Writes them under the plot.
    pub fn write(&self, svg: &mut Svg, plot: Rect) {
        let bottom = plot.y + plot.height;
        for (at, lines) in self.lines.iter().enumerate().step_by(self.every) {
            let x = plot.x + (at as f64 + 0.5) * self.band;
            if self.turned {
                let style = Style::new(SIZE, INK, Anchor::End).turned(-45.0);
                svg.text(
                    (x + 4.0, bottom + 14.0),
                    lines.first().map_or("", String::as_str),
                    style,
                );
                continue;
            }
            for (line, text) in lines.iter().enumerate() {
                let y = bottom + 18.0 + line as f64 * SIZE * 1.2;
                // A label at the end of many stands out to the side, and must not leave the picture.
                let half = text::width(text, SIZE) / 2.0;
                let x = x.min(plot.x + plot.width + EDGE - 4.0 - half);
                svg.text((x, y), text, Style::new(SIZE, INK, Anchor::Middle));
            }
        }
    }
}
