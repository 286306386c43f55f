//! Bars: side by side or on top of one another, upright or lying.

use crate::data::{Data, Series};
use crate::frame::{Entry, Frame, Plan, SIZE, Swatch, Words, header};
use crate::number;
use crate::palette::{INK_LIGHT, PAPER, colour, opacity};
use crate::svg::{Anchor, Rect, Style, Svg};
use crate::text;

/// Beyond so many bars, their values would be a wall of numbers.
const VALUES_SHOWN_MAX: usize = 24;

/// Beyond so many bars, hints for the pointer make the file large and are of little use.
const TIPS_MAX: usize = 500;

/// The widest a bar gets, so that one alone does not fill the picture.
const THICKNESS_MAX: f64 = 96.0;

/// How bars stand.
#[derive(Clone, Copy, Debug)]
pub struct Stand {
    /// On top of one another.
    pub stacked: bool,
    /// Lying, with the categories at the left.
    pub horizontal: bool,
}

/// Draws bars.
pub fn draw(svg: &mut Svg, size: (f64, f64), words: &Words, data: &Data, stand: Stand) {
    let several = data.series.len() > 1;
    let entry = |(at, series): (usize, &'_ Series)| (at, series.name.clone());
    let names: Vec<(usize, String)> = data.series.iter().enumerate().map(entry).collect();
    let legend: Vec<Entry<'_>> = names
        .iter()
        .filter(|_| several)
        .map(|(at, name)| Entry {
            name,
            colour: colour(*at),
            opacity: opacity(*at),
            swatch: Swatch::Area,
        })
        .collect();
    let top = header(svg, size, words, &legend);

    let bars = data.values().count();
    let stacked = stand.stacked && several;
    let shown = !stacked && bars <= VALUES_SHOWN_MAX;
    let widest = data
        .values()
        .map(|value| text::width(&number::value(value), SIZE))
        .fold(0.0, f64::max);
    let (mut least, mut most) = range(data, stacked);
    if shown && least < 0.0 && stand.horizontal {
        // A value beside a bar that goes to the left needs room there, as one to the right has it beyond the axis.
        least -= (most - least) * (widest + 8.0) / size.0;
    }
    if most == 0.0 && least == 0.0 {
        most = 1.0;
    }
    let frame = Frame::new(
        svg,
        &Plan {
            size,
            top,
            words,
            categories: &data.categories,
            range: (least, most),
            whole: data.values().all(|value| value.fract() == 0.0) && (most - least) < 1e15,
            horizontal: stand.horizontal,
            sequence: false,
            beyond: match (shown, stand.horizontal) {
                (true, true) => widest,
                (true, false) => 8.0,
                _ => 0.0,
            },
        },
    );
    let count = if stacked { 1 } else { data.series.len() };
    let (_, band) = frame.band(0);
    let thickness = (band * if count == 1 { 0.7 } else { 0.84 } / count as f64).min(THICKNESS_MAX);
    let shown = shown
        && if stand.horizontal {
            thickness >= SIZE - 1.0
        } else {
            thickness + 4.0 >= widest
        };
    // Bars beside one another are told apart by their colours, and by a little space where there is some.
    let space = if count > 1 && thickness > 6.0 {
        1.5
    } else {
        0.0
    };

    for category in 0..data.categories.len() {
        let (start, band) = frame.band(category);
        let first = start + (band - thickness * count as f64) / 2.0;
        let (mut above, mut below) = (0.0, 0.0);
        for (at, series) in data.series.iter().enumerate() {
            let Some(value) = series.values[category] else {
                continue;
            };
            let from = match stacked {
                true if value >= 0.0 => above,
                true => below,
                false => 0.0,
            };
            if value >= 0.0 {
                above += value;
            } else {
                below += value;
            }
            let place = if stacked {
                first
            } else {
                first + at as f64 * thickness
            };
            let rect = bar(
                &frame,
                (place + space / 2.0, thickness - space),
                from,
                from + value,
            );
            let tip = (bars <= TIPS_MAX).then(|| tip(data, category, series, value));
            svg.rect(rect, colour(at), opacity(at), tip.as_deref());
            if stacked && rect.height.min(rect.width) > 3.0 {
                separate(svg, &frame, rect, value);
            }
            if shown {
                write_value(svg, &frame, rect, value);
            }
        }
    }
    frame.base(svg);
}

/// Gives the smallest and largest end of a bar; zero is always among what is shown.
fn range(data: &Data, stacked: bool) -> (f64, f64) {
    let widen = |(least, most): (f64, f64), value: f64| (least.min(value), most.max(value));
    if !stacked {
        return data.values().fold((0.0, 0.0), widen);
    }
    (0..data.categories.len()).fold((0.0, 0.0), |range, category| {
        let values = || {
            data.series
                .iter()
                .filter_map(|series| series.values[category])
        };
        let above: f64 = values().filter(|value| *value > 0.0).sum();
        let below: f64 = values().filter(|value| *value < 0.0).sum();
        widen(widen(range, above), below)
    })
}

fn bar(frame: &Frame, (place, thickness): (f64, f64), from: f64, to: f64) -> Rect {
    let (a, b) = (frame.value(from), frame.value(to));
    let (start, length) = (a.min(b), (a - b).abs());
    if frame.horizontal {
        Rect {
            x: start,
            y: place,
            width: length,
            height: thickness,
        }
    } else {
        Rect {
            x: place,
            y: start,
            width: thickness,
            height: length,
        }
    }
}

/// Draws a thin gap at the outer end of a part of a stack.
fn separate(svg: &mut Svg, frame: &Frame, rect: Rect, value: f64) {
    let (right, bottom) = (rect.x + rect.width, rect.y + rect.height);
    match (frame.horizontal, value >= 0.0) {
        (true, true) => svg.line((right, rect.y), (right, bottom), PAPER, 1.0),
        (true, false) => svg.line((rect.x, rect.y), (rect.x, bottom), PAPER, 1.0),
        (false, true) => svg.line((rect.x, rect.y), (right, rect.y), PAPER, 1.0),
        (false, false) => svg.line((rect.x, bottom), (right, bottom), PAPER, 1.0),
    }
}

fn write_value(svg: &mut Svg, frame: &Frame, rect: Rect, value: f64) {
    let positive = value >= 0.0;
    let (at, anchor) = match frame.horizontal {
        true => {
            let y = rect.y + rect.height / 2.0 + SIZE * 0.35;
            match positive {
                true => ((rect.x + rect.width + 6.0, y), Anchor::Start),
                false => ((rect.x - 6.0, y), Anchor::End),
            }
        }
        false => {
            let x = rect.x + rect.width / 2.0;
            let y = if positive {
                rect.y - 5.0
            } else {
                rect.y + rect.height + SIZE
            };
            ((x, y), Anchor::Middle)
        }
    };
    svg.text(
        at,
        &number::value(value),
        Style::new(SIZE - 1.0, INK_LIGHT, anchor).halo(),
    );
}

fn tip(data: &Data, category: usize, series: &Series, value: f64) -> String {
    let name = if data.series.len() > 1 {
        format!(", {}", series.name)
    } else {
        String::new()
    };
    format!(
        "{}{name}: {}",
        data.categories[category],
        number::value(value)
    )
}
