//! Colours: those of Okabe and Ito ("Color Universal Design", 2008), which people with any colour vision tell apart, without
//! their yellow, which is too light on white.

/// Words.
pub const INK: &str = "#1f2933";

/// Words that matter less: ticks and labels of axes.
pub const INK_LIGHT: &str = "#52606d";

/// Lines of the grid.
pub const GRID: &str = "#e4e7eb";

/// The line at zero.
pub const AXIS: &str = "#9aa5b1";

/// What a chart stands on.
pub const PAPER: &str = "#ffffff";

/// The rest of a pie.
pub const REST: &str = "#9aa5b1";

const SERIES: [&str; 7] = [
    "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#5b4b8a",
];

/// Gives the colour of a series, from 0. After the last, the first comes again; see [`dash`] and [`opacity`].
pub fn colour(series: usize) -> &'static str {
    SERIES[series % SERIES.len()]
}

/// Gives the dashes of a line, which tell apart series of the same colour.
pub fn dash(series: usize) -> Option<&'static str> {
    [None, Some("7 4"), Some("2 3"), Some("9 3 2 3")][(series / SERIES.len()).min(3)]
}

/// Gives the opacity of an area, which tells apart series of the same colour.
pub fn opacity(series: usize) -> f64 {
    [1.0, 0.6, 0.4, 0.25][(series / SERIES.len()).min(3)]
}
