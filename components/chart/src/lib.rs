//! The tool `render`: charts as clean, self-contained SVG. In reading order: `data` makes series of what the caller gives,
//! `scale`, `number` and `text` know about ticks, numbers and the width of words, `svg` writes, `frame` lays out title,
//! legend and axes, and `bar`, `line`, `scatter` and `pie` draw what is inside. `tools` is what a caller sees.

mod bar;
mod data;
mod error;
mod frame;
mod line;
mod number;
mod palette;
mod pie;
mod scale;
mod scatter;
mod svg;
mod text;
mod tools;

pub use tools::Chart;

caxton_sdk::export_tools!(Chart);
