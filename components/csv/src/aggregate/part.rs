//! Parts of dates to group by. Each is written so that the order of the words is the order of time.

use crate::date::Stamp;
use crate::kind::Value;
use crate::number::Number;

/// A part of a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// `2024`
    Year,
    /// `2024-Q1`
    Quarter,
    /// `2024-01`
    Month,
    /// `2024-W01`, after ISO 8601
    Week,
    /// `2024-01-31`
    Day,
    /// `1 Monday`
    Weekday,
    /// 0 to 23
    Hour,
}

impl Part {
    /// The names that callers use, for schemas and messages.
    pub const NAMES: [&str; 7] = ["year", "quarter", "month", "week", "day", "weekday", "hour"];

    /// Finds a part by its name.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "year" => Self::Year,
            "quarter" => Self::Quarter,
            "month" => Self::Month,
            "week" => Self::Week,
            "day" | "date" => Self::Day,
            "weekday" => Self::Weekday,
            "hour" => Self::Hour,
            _ => return None,
        })
    }

    /// Gives this part of a date; nothing for the hour of a date without a time.
    pub fn of(self, stamp: &Stamp) -> Value<'static> {
        let Stamp {
            year, month, day, ..
        } = stamp;
        let text = match self {
            Self::Year => return Value::Number(Number::Exact((*year).into())),
            Self::Quarter => format!("{year:04}-Q{}", (month - 1) / 3 + 1),
            Self::Month => format!("{year:04}-{month:02}"),
            Self::Week => {
                let (year, week) = stamp.week();
                format!("{year:04}-W{week:02}")
            }
            Self::Day => format!("{year:04}-{month:02}-{day:02}"),
            Self::Weekday => {
                let names = [
                    "Monday",
                    "Tuesday",
                    "Wednesday",
                    "Thursday",
                    "Friday",
                    "Saturday",
                    "Sunday",
                ];
                let weekday = stamp.weekday();
                format!("{weekday} {}", names[weekday as usize - 1])
            }
            Self::Hour => {
                return match stamp.time_ms {
                    Some(ms) => Value::Number(Number::Exact((ms / 3_600_000).into())),
                    None => Value::Missing,
                };
            }
        };
        Value::Text(text.into())
    }
}
