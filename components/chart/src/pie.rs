//! Slices of a whole, as a disc or a ring, with a legend that has names, values and shares.

use std::f64::consts::{PI, TAU};

use crate::data::Data;
use crate::error::ChartError;
use crate::frame::{EDGE, SIZE, Words, header};
use crate::number;
use crate::palette::{INK, INK_LIGHT, PAPER, REST, colour, opacity};
use crate::svg::{Anchor, Rect, Style, Svg, short};
use crate::text;

/// Beyond so many slices the smallest are put together: they could be neither seen nor told apart.
const SLICES_MAX: usize = 12;

/// From this share on, there is room in a slice for its own.
const SHARE_SHOWN_MIN: f64 = 0.05;

/// The height of a row of the legend.
const ROW: f64 = 22.0;

struct Slice {
    name: String,
    value: f64,
    colour: &'static str,
    opacity: f64,
}

/// Draws a pie, or a ring where it is `hollow`.
///
/// # Errors
/// [`ChartError::Kind`] where there are several series, a negative value, or nothing but zeros.
pub fn draw(
    svg: &mut Svg,
    size: (f64, f64),
    words: &Words,
    data: &Data,
    hollow: bool,
) -> Result<(), ChartError> {
    // Every slice has a row in the legend, which must fit.
    let rows = ((size.1 - 2.0 * EDGE) / ROW - 1.0).clamp(3.0, SLICES_MAX as f64) as usize;
    let slices = slices(data, rows)?;
    let total: f64 = slices.iter().map(|slice| slice.value).sum();
    let top = header(svg, size, words, &[]);
    let widest = slices
        .iter()
        .map(|slice| text::width(&slice.name, SIZE))
        .fold(0.0, f64::max);
    let names = widest.min(size.0 * 0.3);
    let numbers = slices
        .iter()
        .map(|slice| text::width(&number::value(slice.value), SIZE))
        .fold(0.0, f64::max);
    let legend_width = 22.0 + names + 16.0 + numbers + 12.0 + 44.0;
    // The legend stands at the right where a disc of a fair size still fits beside it, and else below.
    let beside = size.0 - legend_width - 3.0 * EDGE >= (size.1 - top - EDGE) * 0.6;
    let room = match beside {
        true => Rect {
            x: EDGE,
            y: top,
            width: size.0 - legend_width - 3.0 * EDGE,
            height: size.1 - top - EDGE,
        },
        false => {
            let legend = slices.len() as f64 * ROW + 12.0;
            Rect {
                x: EDGE,
                y: top,
                width: size.0 - 2.0 * EDGE,
                height: (size.1 - top - EDGE - legend).max(80.0),
            }
        }
    };
    let radius = (room.width.min(room.height) / 2.0 - 4.0).max(10.0);
    let centre = (room.x + room.width / 2.0, room.y + room.height / 2.0);
    let hole = if hollow { radius * 0.58 } else { 0.0 };

    let mut from = 0.0;
    for slice in &slices {
        let share = slice.value / total;
        let tip = format!(
            "{}: {} ({})",
            slice.name,
            number::value(slice.value),
            number::percent(share)
        );
        svg.path(
            &wedge(centre, radius, hole, from, from + share),
            slice.colour,
            slice.opacity,
            Some(&tip),
        );
        from += share;
    }
    let mut from = 0.0;
    for slice in &slices {
        let share = slice.value / total;
        if share >= SHARE_SHOWN_MIN && radius > 60.0 {
            let distance = match hollow {
                true => (radius + hole) / 2.0,
                // The middle of a whole disc is its centre.
                false if share > 0.9999 => 0.0,
                false => radius * 0.68,
            };
            let (x, y) = on_circle(centre, distance, from + share / 2.0);
            let ink = if is_light(slice) { INK } else { PAPER };
            svg.text(
                (x, y + SIZE * 0.35),
                &number::percent(share),
                Style::new(SIZE, ink, Anchor::Middle).bold(),
            );
        }
        from += share;
    }
    if hollow && hole > 30.0 {
        svg.text(
            (centre.0, centre.1 + 4.0),
            &number::value(total),
            Style::new(20.0, INK, Anchor::Middle).bold(),
        );
        svg.text(
            (centre.0, centre.1 + 22.0),
            "total",
            Style::new(SIZE, INK_LIGHT, Anchor::Middle),
        );
    }
    let height = slices.len() as f64 * ROW;
    let (x, mut y) = match beside {
        true => (
            size.0 - EDGE - legend_width,
            (centre.1 - height / 2.0).max(top),
        ),
        false => ((size.0 - legend_width) / 2.0, room.y + room.height + 12.0),
    };
    for slice in &slices {
        svg.rect(
            Rect {
                x,
                y: y + 3.0,
                width: 12.0,
                height: 12.0,
            },
            slice.colour,
            slice.opacity,
            None,
        );
        svg.text(
            (x + 22.0, y + 13.0),
            &text::cut(&slice.name, SIZE, names),
            Style::new(SIZE, INK, Anchor::Start),
        );
        let right = x + 22.0 + names + 16.0 + numbers;
        svg.text(
            (right, y + 13.0),
            &number::value(slice.value),
            Style::new(SIZE, INK, Anchor::End),
        );
        let share = number::percent(slice.value / total);
        svg.text(
            (right + 12.0 + 40.0, y + 13.0),
            &share,
            Style::new(SIZE, INK_LIGHT, Anchor::End),
        );
        y += ROW;
    }
    Ok(())
}

fn slices(data: &Data, slices_max: usize) -> Result<Vec<Slice>, ChartError> {
    let [series] = data.series.as_slice() else {
        return Err(ChartError::Kind(format!(
            "a pie shows one series, and there are {}; choose one in `y`, or draw a stacked bar chart",
            data.series.len()
        )));
    };
    let mut values = Vec::new();
    for (category, value) in data.categories.iter().zip(&series.values) {
        match value {
            Some(value) if *value < 0.0 => {
                return Err(ChartError::Kind(format!(
                    "a pie shows parts of a whole, and `{category}` is {value}; draw a bar chart instead"
                )));
            }
            Some(value) if *value > 0.0 => values.push((category.clone(), *value)),
            _ => {}
        }
    }
    if values.is_empty() {
        return Err(ChartError::Kind(
            "a pie shows parts of a whole, and all values are 0".into(),
        ));
    }
    // Small slices are told apart best where the slices go by size.
    values.sort_by(|a, b| b.1.total_cmp(&a.1));
    let kept = if values.len() > slices_max {
        slices_max - 1
    } else {
        values.len()
    };
    let rest = values.split_off(kept);
    let mut slices: Vec<Slice> = values
        .into_iter()
        .enumerate()
        .map(|(at, (name, value))| Slice {
            name,
            value,
            colour: colour(at),
            opacity: opacity(at),
        })
        .collect();
    if !rest.is_empty() {
        let value = rest.iter().map(|(_, value)| value).sum();
        slices.push(Slice {
            name: format!("{} others", rest.len()),
            value,
            colour: REST,
            opacity: 1.0,
        });
    }
    Ok(slices)
}

/// Says whether dark words are read better on a slice than light ones.
fn is_light(slice: &Slice) -> bool {
    slice.opacity < 1.0 || matches!(slice.colour, "#e69f00" | "#56b4e9" | "#cc79a7" | REST)
}

/// Gives the point at a share of the circle, clockwise from the top.
fn on_circle(centre: (f64, f64), radius: f64, share: f64) -> (f64, f64) {
    let angle = share * TAU - PI / 2.0;
    (
        centre.0 + radius * angle.cos(),
        centre.1 + radius * angle.sin(),
    )
}

fn wedge(centre: (f64, f64), radius: f64, hole: f64, from: f64, to: f64) -> String {
    let point = |radius: f64, share: f64| {
        let (x, y) = on_circle(centre, radius, share);
        format!("{},{}", short(x), short(y))
    };
    let arc = |radius: f64, clockwise: bool, to: String, large: bool| {
        let radius = short(radius);
        format!(
            "A{radius},{radius} 0 {},{} {to}",
            u8::from(large),
            u8::from(clockwise)
        )
    };
    // An arc that ends where it began is none, so a whole circle is two halves.
    if to - from > 0.9999 {
        let ring = |radius: f64, clockwise: bool| {
            let halves = [
                arc(radius, clockwise, point(radius, 0.5), false),
                arc(radius, clockwise, point(radius, 0.0), false),
            ];
            format!("M{} {}Z", point(radius, 0.0), halves.join(" "))
        };
        let inner = if hole > 0.0 {
            ring(hole, false)
        } else {
            String::new()
        };
        return format!("{}{inner}", ring(radius, true));
    }
    let large = to - from > 0.5;
    let outer = arc(radius, true, point(radius, to), large);
    if hole > 0.0 {
        let inner = arc(hole, false, point(hole, from), large);
        return format!(
            "M{} {outer} L{} {inner}Z",
            point(radius, from),
            point(hole, to)
        );
    }
    format!(
        "M{},{} L{} {outer}Z",
        short(centre.0),
        short(centre.1),
        point(radius, from)
    )
}
