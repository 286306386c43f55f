//! Ticks at round numbers, after Paul Heckbert, "Nice Numbers for Graph Labels" (Graphics Gems, 1990).

/// The ticks of an axis; the first and last are its ends.
#[derive(Clone, Debug)]
pub struct Ticks {
    /// The values, in order.
    pub values: Vec<f64>,
}

impl Ticks {
    /// Gives about `count` ticks that enclose `min..=max`. Where all values are `whole`, so are the ticks.
    pub fn nice(min: f64, max: f64, count: usize, whole: bool) -> Self {
        let size = min.abs().max(max.abs());
        // Values that are all the same, or nearly so beside their size, still need an axis around them.
        let (min, max) = if max - min > size * 1e-9 {
            (min, max)
        } else if size == 0.0 {
            (0.0, 1.0)
        } else {
            (min - size * 0.1, max + size * 0.1)
        };
        let mut step = nice((max - min) / (count.max(2) - 1) as f64);
        if whole {
            step = step.max(1.0);
        }
        // A value that lies on a tick but for rounding belongs to it.
        let first = (min / step + 1e-9).floor() as i64;
        let last = ((max / step - 1e-9).ceil() as i64).max(first + 1);
        // Multiplying each keeps 0.1 + 0.2 from becoming 0.30000000000000004.
        let exponent = step.log10().floor();
        let tick = |at: i64| {
            let value = at as f64 * step;
            if exponent < 0.0 && exponent > -290.0 {
                let scale = 10_f64.powf(-exponent);
                (value * scale).round() / scale
            } else {
                value
            }
        };
        Self {
            values: (first..=last).map(tick).collect(),
        }
    }

    /// Gives the lower end.
    pub fn min(&self) -> f64 {
        self.values[0]
    }

    /// Gives the upper end.
    pub fn max(&self) -> f64 {
        self.values[self.values.len() - 1]
    }

    /// Gives where `value` lies between the ends, 0 to 1.
    pub fn share(&self, value: f64) -> f64 {
        (value - self.min()) / (self.max() - self.min())
    }
}

/// Gives 1, 2 or 5 times a power of ten, near `step`.
fn nice(step: f64) -> f64 {
    let power = 10_f64.powf(step.log10().floor());
    let fraction = step / power;
    let round = match fraction {
        fraction if fraction < 1.5 => 1.0,
        fraction if fraction < 3.0 => 2.0,
        fraction if fraction < 7.0 => 5.0,
        _ => 10.0,
    };
    round * power
}
