//! What stands around a chart: title and legend at the top, axes with ticks, grid and labels at the sides. What is left in
//! the middle is the plot.

use crate::number::Format;
use crate::palette::{AXIS, GRID, INK, INK_LIGHT};
use crate::scale::Ticks;
use crate::svg::{Anchor, Rect, Style, Svg};
use crate::text;

mod labels;

use labels::Labels;

/// The size of most words, in pixels.
pub const SIZE: f64 = 12.0;

/// The size of the title.
const TITLE_SIZE: f64 = 18.0;

/// What is left free at the edges.
pub const EDGE: f64 = 20.0;

/// The space between ticks and their numbers.
const GAP: f64 = 8.0;

/// What is said around a chart.
#[derive(Clone, Debug, Default)]
pub struct Words {
    /// What the chart shows.
    pub title: Option<String>,
    /// What x is: the categories, also where they stand at the left.
    pub x: Option<String>,
    /// What y is: the values.
    pub y: Option<String>,
}

/// How a legend shows a series.
#[derive(Clone, Copy, Debug)]
pub enum Swatch {
    /// A square.
    Area,
    /// A piece of line, with these dashes.
    Line(Option<&'static str>),
}

/// An entry of the legend.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// The name.
    pub name: &'a str,
    /// The colour.
    pub colour: &'static str,
    /// The opacity of the colour.
    pub opacity: f64,
    /// How it is shown.
    pub swatch: Swatch,
}

/// Writes title and legend; gives where the rest begins.
pub fn header(svg: &mut Svg, size: (f64, f64), words: &Words, legend: &[Entry<'_>]) -> f64 {
    let room = size.0 - 2.0 * EDGE;
    let mut y = EDGE;
    if let Some(title) = &words.title {
        for line in text::wrap(title, TITLE_SIZE * 1.05, room, 2) {
            y += TITLE_SIZE;
            svg.text(
                (EDGE, y - 3.0),
                &line,
                Style::new(TITLE_SIZE, INK, Anchor::Start).bold(),
            );
            y += 4.0;
        }
        y += 6.0;
    }
    if !legend.is_empty() {
        y = legend_rows(svg, room, y, size.1 * 0.3, legend);
    }
    y
}

/// Writes the legend in rows, as many as fit above `height_max`.
fn legend_rows(svg: &mut Svg, room: f64, top: f64, height_max: f64, legend: &[Entry<'_>]) -> f64 {
    const ROW: f64 = 20.0;
    let (mut x, mut y) = (EDGE, top);
    for (at, entry) in legend.iter().enumerate() {
        let name = text::cut(entry.name, SIZE, room.min(220.0) - 24.0);
        let width = 24.0 + text::width(&name, SIZE) + 16.0;
        if x > EDGE && x + width - 16.0 > EDGE + room {
            if y + 2.0 * ROW > top.max(height_max) && at < legend.len() {
                let more = format!("and {} more", legend.len() - at);
                svg.text(
                    (EDGE, y + ROW + 12.0),
                    &more,
                    Style::new(SIZE, INK_LIGHT, Anchor::Start),
                );
                return y + 2.0 * ROW + 6.0;
            }
            (x, y) = (EDGE, y + ROW);
        }
        match entry.swatch {
            Swatch::Area => {
                svg.rect(
                    Rect {
                        x,
                        y: y + 2.0,
                        width: 12.0,
                        height: 12.0,
                    },
                    entry.colour,
                    entry.opacity,
                    None,
                );
            }
            Swatch::Line(dash) => svg.polyline(
                &[(x - 1.0, y + 8.0), (x + 17.0, y + 8.0)],
                entry.colour,
                2.5,
                dash,
            ),
        }
        let indent = if matches!(entry.swatch, Swatch::Area) {
            18.0
        } else {
            23.0
        };
        svg.text(
            (x + indent, y + 12.0),
            &name,
            Style::new(SIZE, INK, Anchor::Start),
        );
        x += width;
    }
    y + ROW + 6.0
}

/// The middle of a chart, and where values and categories lie in it.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The plot.
    pub plot: Rect,
    /// The ticks of the values.
    pub ticks: Ticks,
    /// Values go to the right, and categories downwards.
    pub horizontal: bool,
    /// How many categories there are.
    pub bands: usize,
}

/// How the middle is to be laid out.
pub struct Plan<'a> {
    /// The size of the whole.
    pub size: (f64, f64),
    /// Where title and legend end.
    pub top: f64,
    /// What is said at the axes.
    pub words: &'a Words,
    /// What stands along the axis of categories.
    pub categories: &'a [String],
    /// The smallest and largest value.
    pub range: (f64, f64),
    /// All values are whole.
    pub whole: bool,
    /// Values go to the right, and categories downwards.
    pub horizontal: bool,
    /// The categories are a sequence, of which not each must be named.
    pub sequence: bool,
    /// What is left free beyond the largest value, for labels.
    pub beyond: f64,
}

impl Frame {
    /// Lays out and writes the axes.
    pub fn new(svg: &mut Svg, plan: &Plan<'_>) -> Self {
        if plan.horizontal {
            Self::horizontal(svg, plan)
        } else {
            Self::vertical(svg, plan)
        }
    }

    fn vertical(svg: &mut Svg, plan: &Plan<'_>) -> Self {
        let (width, height) = plan.size;
        let top = plan.top + 8.0 + plan.beyond;
        let count = ((height - top - 60.0) / 50.0).clamp(3.0, 9.0) as usize;
        let ticks = Ticks::nice(plan.range.0, plan.range.1, count, plan.whole);
        let format = Format::of(&ticks.values);
        let numbers = ticks
            .values
            .iter()
            .map(|tick| text::width(&format.write(*tick), SIZE))
            .fold(0.0, f64::max);
        let side = if plan.words.y.is_some() { 22.0 } else { 0.0 };
        let below = if plan.words.x.is_some() { 22.0 } else { 0.0 };
        let mut left = EDGE + side + numbers + GAP;
        let room = (height - top - EDGE - below) * 0.45;
        let mut labels = Labels::choose(plan.categories, width - left - EDGE, room, plan.sequence);
        // A turned label reaches to the left of its place.
        let reach = labels.reach(left).min(width * 0.15);
        if reach > 0.0 {
            left += reach;
            labels = Labels::choose(plan.categories, width - left - EDGE, room, plan.sequence);
        }
        let bottom = height - EDGE - below - labels.height;
        let plot = Rect {
            x: left,
            y: top,
            width: (width - left - EDGE).max(1.0),
            height: (bottom - top).max(1.0),
        };
        let frame = Self {
            plot,
            ticks,
            horizontal: false,
            bands: plan.categories.len(),
        };

        for tick in &frame.ticks.values {
            let y = frame.value(*tick);
            svg.line((plot.x, y), (plot.x + plot.width, y), GRID, 1.0);
            let at = (plot.x - GAP, y + SIZE * 0.35);
            svg.text(
                at,
                &format.write(*tick),
                Style::new(SIZE, INK_LIGHT, Anchor::End),
            );
        }
        labels.write(svg, plot);
        frame.name_sides(
            svg,
            plan.size,
            plan.words.x.as_deref(),
            plan.words.y.as_deref(),
        );
        frame
    }

    fn horizontal(svg: &mut Svg, plan: &Plan<'_>) -> Self {
        let (width, height) = plan.size;
        let top = plan.top + 4.0;
        let side = if plan.words.x.is_some() { 22.0 } else { 0.0 };
        let below = if plan.words.y.is_some() { 22.0 } else { 0.0 };
        let longest = plan
            .categories
            .iter()
            .map(|label| text::width(label, SIZE))
            .fold(0.0, f64::max);
        let names = longest.min(width * 0.35);
        let left = EDGE + side + names + GAP;
        let right = width - EDGE - plan.beyond;
        let plot = Rect {
            x: left,
            y: top,
            width: (right - left).max(1.0),
            height: (height - EDGE - below - 22.0 - top).max(1.0),
        };
        let count = (plot.width / 90.0).clamp(3.0, 9.0) as usize;
        let ticks = Ticks::nice(plan.range.0, plan.range.1, count, plan.whole);
        let format = Format::of(&ticks.values);
        let frame = Self {
            plot,
            ticks,
            horizontal: true,
            bands: plan.categories.len(),
        };

        for tick in &frame.ticks.values {
            let x = frame.value(*tick);
            svg.line((x, plot.y), (x, plot.y + plot.height), GRID, 1.0);
            let at = (x, plot.y + plot.height + 16.0);
            svg.text(
                at,
                &format.write(*tick),
                Style::new(SIZE, INK_LIGHT, Anchor::Middle),
            );
        }
        let every = (14.0 / frame.band(0).1).ceil().max(1.0) as usize;
        for (at, category) in plan.categories.iter().enumerate().step_by(every) {
            let (start, size) = frame.band(at);
            let place = (plot.x - GAP, start + size / 2.0 + SIZE * 0.35);
            svg.text(
                place,
                &text::cut(category, SIZE, names),
                Style::new(SIZE, INK, Anchor::End),
            );
        }
        frame.name_sides(
            svg,
            plan.size,
            plan.words.y.as_deref(),
            plan.words.x.as_deref(),
        );
        frame
    }

    /// Writes what the axes are: `below` under the plot, `beside` at its left.
    pub fn name_sides(
        &self,
        svg: &mut Svg,
        size: (f64, f64),
        below: Option<&str>,
        beside: Option<&str>,
    ) {
        let plot = self.plot;
        if let Some(name) = below {
            let at = (plot.x + plot.width / 2.0, size.1 - EDGE + 4.0);
            svg.text(
                at,
                &text::cut(name, SIZE, plot.width),
                Style::new(SIZE, INK, Anchor::Middle),
            );
        }
        if let Some(name) = beside {
            let at = (EDGE + 4.0, plot.y + plot.height / 2.0);
            svg.text(
                at,
                &text::cut(name, SIZE, plot.height),
                Style::new(SIZE, INK, Anchor::Middle).turned(-90.0),
            );
        }
    }

    /// Draws the line that values start from.
    pub fn base(&self, svg: &mut Svg) {
        let at = self.value(self.ticks.min().max(0.0).min(self.ticks.max()));
        let Rect {
            x,
            y,
            width,
            height,
        } = self.plot;
        if self.horizontal {
            svg.line((at, y), (at, y + height), AXIS, 1.0);
        } else {
            svg.line((x, at), (x + width, at), AXIS, 1.0);
        }
    }

    /// Gives where a value lies, in pixels along its axis.
    pub fn value(&self, value: f64) -> f64 {
        let share = self.ticks.share(value);
        if self.horizontal {
            self.plot.x + share * self.plot.width
        } else {
            self.plot.y + (1.0 - share) * self.plot.height
        }
    }

    /// Gives where the band of a category starts, and its size, in pixels along its axis.
    pub fn band(&self, at: usize) -> (f64, f64) {
        let (start, length) = match self.horizontal {
            true => (self.plot.y, self.plot.height),
            false => (self.plot.x, self.plot.width),
        };
        let size = length / self.bands.max(1) as f64;
        (start + at as f64 * size, size)
    }
}
