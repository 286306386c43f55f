//! Lines: one for each series, broken where a value is missing.

use crate::data::{Data, Series};
use crate::frame::{Entry, Frame, Plan, Swatch, Words, header};
use crate::number;
use crate::palette::{colour, dash};
use crate::svg::Svg;

/// Beyond so many categories, dots on a line hide it.
const DOTS_MAX: usize = 40;

/// The axis starts at zero where that costs less than this share of it.
const ZERO_SHARE: f64 = 0.5;

/// Draws lines.
pub fn draw(svg: &mut Svg, size: (f64, f64), words: &Words, data: &Data) {
    let several = data.series.len() > 1;
    let legend: Vec<Entry<'_>> = data
        .series
        .iter()
        .enumerate()
        .filter(|_| several)
        .map(|(at, series)| Entry {
            name: &series.name,
            colour: colour(at),
            opacity: 1.0,
            swatch: Swatch::Line(dash(at)),
        })
        .collect();
    let top = header(svg, size, words, &legend);
    let least = data.values().fold(f64::INFINITY, f64::min);
    let most = data.values().fold(f64::NEG_INFINITY, f64::max);
    let range = match (least, most) {
        // A level line says how high it is only above zero.
        (least, most) if least == most => (least.min(0.0), most.max(0.0)),
        (least, most) if least >= 0.0 && least <= most * ZERO_SHARE => (0.0, most),
        (least, most) if most <= 0.0 && most >= least * ZERO_SHARE => (least, 0.0),
        range => range,
    };
    let frame = Frame::new(
        svg,
        &Plan {
            size,
            top,
            words,
            categories: &data.categories,
            range,
            whole: data.values().all(|value| value.fract() == 0.0) && most - least < 1e15,
            horizontal: false,
            sequence: true,
            beyond: 0.0,
        },
    );
    frame.base(svg);
    for (at, series) in data.series.iter().enumerate() {
        line(svg, &frame, data, at, series);
    }
}

fn line(svg: &mut Svg, frame: &Frame, data: &Data, at: usize, series: &Series) {
    let place = |category: usize| {
        let (start, size) = frame.band(category);
        start + size / 2.0
    };
    let mut piece: Vec<(f64, f64)> = Vec::new();
    let mut alone = Vec::new();
    for category in 0..=series.values.len() {
        match series.values.get(category).copied().flatten() {
            Some(value) => piece.push((place(category), frame.value(value))),
            None => {
                match piece.len() {
                    0 => {}
                    // A single value between two gaps is no line, and would not be seen.
                    1 => alone.push(category - 1),
                    _ => svg.polyline(&piece, colour(at), 2.5, dash(at)),
                }
                piece.clear();
            }
        }
    }
    for (category, value) in series.values.iter().enumerate() {
        let Some(value) = value else { continue };
        if series.values.len() <= DOTS_MAX || alone.contains(&category) {
            let name = if data.series.len() > 1 {
                format!(", {}", series.name)
            } else {
                String::new()
            };
            let tip = format!(
                "{}{name}: {}",
                data.categories[category],
                number::value(*value)
            );
            svg.disc(
                (place(category), frame.value(*value)),
                4.0,
                colour(at),
                1.0,
                Some(&tip),
            );
        }
    }
}
