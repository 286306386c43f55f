//! Points with numbers on both axes.

use crate::data::Points;
use crate::frame::{EDGE, Entry, Frame, SIZE, Swatch, Words, header};
use crate::number::{self, Format};
use crate::palette::{AXIS, GRID, INK_LIGHT, colour, opacity};
use crate::scale::Ticks;
use crate::svg::{Anchor, Rect, Style, Svg};
use crate::text;

/// Beyond so many points, hints for the pointer make the file large and are of little use.
const TIPS_MAX: usize = 500;

/// Draws points.
pub fn draw(svg: &mut Svg, size: (f64, f64), words: &Words, points: &Points) {
    let legend: Vec<Entry<'_>> = points
        .series
        .iter()
        .enumerate()
        .filter(|_| points.series.len() > 1)
        .map(|(at, (name, _))| Entry {
            name,
            colour: colour(at),
            opacity: opacity(at),
            swatch: Swatch::Area,
        })
        .collect();
    let top = header(svg, size, words, &legend) + 8.0;
    let side = if words.y.is_some() { 22.0 } else { 0.0 };
    let below = if words.x.is_some() { 22.0 } else { 0.0 };
    let bottom = size.1 - EDGE - below - 22.0;
    let all = || {
        points
            .series
            .iter()
            .flat_map(|(_, points)| points.iter().copied())
    };
    let y_ticks = ticks(all().map(|(_, y)| y), (bottom - top) / 50.0);
    let y_format = Format::of(&y_ticks.values);
    let numbers = y_ticks
        .values
        .iter()
        .map(|tick| text::width(&y_format.write(*tick), SIZE))
        .fold(0.0, f64::max);
    let left = EDGE + side + numbers + 8.0;
    // The last number under the axis stands half beyond it.
    let right = size.0 - EDGE - 12.0;
    let plot = Rect {
        x: left,
        y: top,
        width: (right - left).max(1.0),
        height: (bottom - top).max(1.0),
    };
    let x_ticks = ticks(all().map(|(x, _)| x), plot.width / 90.0);
    let x_format = Format::of(&x_ticks.values);
    let x_at = |value: f64| plot.x + x_ticks.share(value) * plot.width;
    let frame = Frame {
        plot,
        ticks: y_ticks,
        horizontal: false,
        bands: 1,
    };

    for tick in &frame.ticks.values {
        let y = frame.value(*tick);
        svg.line((plot.x, y), (plot.x + plot.width, y), GRID, 1.0);
        let at = (plot.x - 8.0, y + SIZE * 0.35);
        svg.text(
            at,
            &y_format.write(*tick),
            Style::new(SIZE, INK_LIGHT, Anchor::End),
        );
    }
    for tick in &x_ticks.values {
        let x = x_at(*tick);
        svg.line((x, plot.y), (x, plot.y + plot.height), GRID, 1.0);
        let at = (x, plot.y + plot.height + 18.0);
        svg.text(
            at,
            &x_format.write(*tick),
            Style::new(SIZE, INK_LIGHT, Anchor::Middle),
        );
    }
    frame.base(svg);
    let zero = x_at(x_ticks.min().max(0.0).min(x_ticks.max()));
    svg.line((zero, plot.y), (zero, plot.y + plot.height), AXIS, 1.0);
    frame.name_sides(svg, size, words.x.as_deref(), words.y.as_deref());

    let count = all().count();
    // Many points are drawn smaller and lighter, so that one sees where they crowd.
    let (radius, shade) = if count > 400 { (3.0, 0.5) } else { (5.0, 0.8) };
    for (at, (name, points)) in points.series.iter().enumerate() {
        for (x, y) in points {
            let tip = (count <= TIPS_MAX)
                .then(|| format!("{name}: {}, {}", number::value(*x), number::value(*y)));
            svg.disc(
                (x_at(*x), frame.value(*y)),
                radius,
                colour(at),
                shade * opacity(at),
                tip.as_deref(),
            );
        }
    }
}

fn ticks(values: impl Iterator<Item = f64> + Clone, count: f64) -> Ticks {
    let least = values.clone().fold(f64::INFINITY, f64::min);
    let most = values.clone().fold(f64::NEG_INFINITY, f64::max);
    let whole = values.clone().all(|value| value.fract() == 0.0) && most - least < 1e15;
    // Zero belongs to the picture where it is near.
    let (least, most) = match (least, most) {
        (least, most) if least > 0.0 && least < most * 0.25 => (0.0, most),
        (least, most) if most < 0.0 && most > least * 0.25 => (least, 0.0),
        range => range,
    };
    Ticks::nice(least, most, count.clamp(3.0, 9.0) as usize, whole)
}
