//! Numbers as people read them: `12.5k`, `3M`, `1,234.5`.

/// How the numbers of one axis are written: all in the same unit, with the same decimals.
#[derive(Clone, Copy, Debug)]
pub struct Format {
    divisor: f64,
    suffix: &'static str,
    decimals: usize,
    scientific: bool,
}

impl Format {
    /// Gives the format in which `ticks` differ from one another, with as few digits as possible.
    pub fn of(ticks: &[f64]) -> Self {
        let largest = ticks
            .iter()
            .fold(0.0_f64, |largest, tick| largest.max(tick.abs()));
        if largest > 0.0 && !(1e-4..1e15).contains(&largest) {
            // As many digits as tell two neighbours apart.
            let step = ticks
                .windows(2)
                .map(|pair| pair[1] - pair[0])
                .fold(largest, f64::min);
            let decimals =
                (largest.log10().floor() - step.log10().floor()).clamp(0.0, 12.0) as usize;
            return Self {
                divisor: 1.0,
                suffix: "",
                decimals,
                scientific: true,
            };
        }
        let (divisor, suffix) = unit(largest, 1e4);
        let whole = |decimals: usize| {
            let scale = 10_f64.powi(decimals as i32);
            ticks.iter().all(|tick| {
                let scaled = tick / divisor * scale;
                (scaled - scaled.round()).abs() < 1e-6 * scaled.abs().max(1.0)
            })
        };
        let decimals = (0..12).find(|decimals| whole(*decimals)).unwrap_or(12);
        Self {
            divisor,
            suffix,
            decimals,
            scientific: false,
        }
    }

    /// Writes a number.
    pub fn write(&self, value: f64) -> String {
        if value == 0.0 {
            return "0".into();
        }
        if self.scientific {
            return minus(&trim_exponent(&format!("{value:.*e}", self.decimals)));
        }
        let text = format!("{:.*}", self.decimals, value / self.divisor);
        minus(&format!("{}{}", group(&text), self.suffix))
    }
}

/// Writes a value: every digit that matters up to a million, shortened beyond.
pub fn value(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 {
        return "0".into();
    }
    if !(1e-3..1e15).contains(&size) {
        return minus(&trim_exponent(&format!("{value:.2e}")));
    }
    let (divisor, suffix) = unit(size, 1e6);
    let scaled = value / divisor;
    let decimals = match scaled.abs() {
        _ if divisor > 1.0 => 2,
        size if size >= 1.0 => 2,
        _ => 4,
    };
    let text = format!("{scaled:.decimals$}");
    let text = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        &text
    };
    minus(&format!("{}{suffix}", group(text)))
}

/// Writes a share, 0 to 1, in per cent.
pub fn percent(share: f64) -> String {
    let percent = share * 100.0;
    let text = if percent > 0.0 && percent < 9.95 {
        format!("{percent:.1}")
    } else {
        format!("{percent:.0}")
    };
    format!("{}%", text.strip_suffix(".0").unwrap_or(&text))
}

fn unit(size: f64, from: f64) -> (f64, &'static str) {
    match size {
        size if size < from => (1.0, ""),
        size if size < 1e6 => (1e3, "k"),
        size if size < 1e9 => (1e6, "M"),
        size if size < 1e12 => (1e9, "B"),
        _ => (1e12, "T"),
    }
}

/// Puts commas between thousands.
fn group(text: &str) -> String {
    let (sign, digits) = text
        .strip_prefix('-')
        .map_or(("", text), |digits| ("-", digits));
    let (whole, fraction) = digits
        .split_once('.')
        .map_or((digits, None), |(whole, fraction)| (whole, Some(fraction)));
    let mut grouped = String::from(sign);
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if let Some(fraction) = fraction {
        grouped.push('.');
        grouped.push_str(fraction);
    }
    grouped
}

/// Writes 1.50e-7 as 1.5e-7.
fn trim_exponent(text: &str) -> String {
    match text.split_once('e') {
        Some((mantissa, exponent)) if mantissa.contains('.') => {
            format!(
                "{}e{exponent}",
                mantissa.trim_end_matches('0').trim_end_matches('.')
            )
        }
        _ => text.to_owned(),
    }
}

/// A minus sign is as wide as a digit; a hyphen is not.
fn minus(text: &str) -> String {
    match text.strip_prefix('-') {
        Some(text) => format!("−{text}"),
        None => text.to_owned(),
    }
}
