//! Tools for time: what time it is, the same moment elsewhere, adding lengths of time, and the length between two
//! moments. The zones' rules are built in, so that an answer does not depend on the machine.

mod moment;
mod reckon;
mod zone;

use caxton_sdk::{Answer, Arguments, Tool, ToolError, ToolResult, Tools, Value, json};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde::Deserialize;

/// The component.
pub struct Clock;

impl Tools for Clock {
    fn list() -> Result<Vec<Tool>, String> {
        Ok(vec![
            now_tool(),
            convert_tool(),
            add_tool(),
            difference_tool(),
        ])
    }

    fn call(name: &str, arguments: Arguments) -> Answer {
        answer(name, &arguments, Timestamp::now())
    }
}

caxton_sdk::export_tools!(Clock);

/// Calls a tool at the time `now`. A time or zone that can't be read is the caller's slip, told as the tool's result.
fn answer(name: &str, arguments: &Arguments, now: Timestamp) -> Answer {
    let result = match name {
        "now" => tell_now(&arguments.parse()?, now),
        "convert" => convert(&arguments.parse()?, now),
        "add" => add(&arguments.parse()?, now),
        "difference" => difference(&arguments.parse()?, now),
        _ => return Err(ToolError::not_found(name)),
    };
    result.unwrap_or_else(ToolResult::error).into()
}

const ZONE: &str =
    "An IANA time zone such as Europe/Paris, a large city, or an offset such as +02:00.";
const TIME: &str = "A time: 2024-03-10T09:30:00Z (RFC 3339), 2024-03-10 09:30, a date, 09:30 (today), seconds since 1970, now, today, tomorrow or yesterday.";

fn tool(name: &str, title: &str, description: &str, properties: Value, required: &[&str]) -> Tool {
    let schema = json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false});
    Tool::new(name, description)
        .title(title)
        .input(schema)
        .read_only()
        .open_world(false)
}

fn zoned(name: Option<&String>) -> Result<Option<TimeZone>, String> {
    name.map(|name| zone::find(name)).transpose()
}

/// A moment as words and as data.
fn told(moment: &Zoned) -> ToolResult {
    let text = format!(
        "{} ({})",
        moment.strftime("%A, %-d %B %Y, %H:%M:%S %:z"),
        zone::name(moment.time_zone())
    );
    ToolResult::text(text).with_structured(&moment::shown(moment))
}

fn now_tool() -> Tool {
    tool("now", "What time is it?", "Tells the current date and time, in UTC or in a time zone or city: what time is it, what day is today.", json!({"zone": {"type": "string", "description": ZONE}}), &[])
        .output(moment::schema())
}

#[derive(Deserialize)]
struct Now {
    zone: Option<String>,
}

fn tell_now(arguments: &Now, now: Timestamp) -> Result<ToolResult, String> {
    let zone = zoned(arguments.zone.as_ref())?.unwrap_or(TimeZone::UTC);
    Ok(told(&now.to_zoned(zone)))
}

fn convert_tool() -> Tool {
    tool(
        "convert",
        "Convert between time zones",
        "Converts a time from one time zone to another: what is 9:30 in Paris for someone in Tokyo.",
        json!({
            "time": {"type": "string", "description": TIME},
            "from": {"type": "string", "description": format!("The time zone of `time`, where it names none itself; else UTC. {ZONE}")},
            "to": {"type": "string", "description": format!("The wanted time zone. {ZONE}")},
        }),
        &["time", "to"],
    )
    .output(moment::schema())
}

#[derive(Deserialize)]
struct Convert {
    time: String,
    from: Option<String>,
    to: String,
}

fn convert(arguments: &Convert, now: Timestamp) -> Result<ToolResult, String> {
    let moment = moment::parse(
        &arguments.time,
        zoned(arguments.from.as_ref())?.as_ref(),
        now,
    )?;
    Ok(told(&moment.with_time_zone(zone::find(&arguments.to)?)))
}

fn add_tool() -> Tool {
    tool(
        "add",
        "Add to a time",
        "Adds a length of time to a date or time, or takes it off: what day is it in 90 days, 3 months before 2024-05-31.",
        json!({
            "time": {"type": "string", "description": TIME, "default": "now"},
            "duration": {"type": "string", "description": "A length of time: 3 days, 2h 30m, -1 week, P1Y2M.", "examples": ["3 days", "-2 months"]},
            "zone": {"type": "string", "description": format!("The time zone of `time`, where it names none itself; else UTC. {ZONE}")},
        }),
        &["duration"],
    )
    .output(moment::schema())
}

#[derive(Deserialize)]
struct Add {
    time: Option<String>,
    duration: String,
    zone: Option<String>,
}

fn add(arguments: &Add, now: Timestamp) -> Result<ToolResult, String> {
    let moment = moment::parse(
        arguments.time.as_deref().unwrap_or("now"),
        zoned(arguments.zone.as_ref())?.as_ref(),
        now,
    )?;
    Ok(told(&reckon::add(
        &moment,
        reckon::duration(&arguments.duration)?,
    )?))
}

fn difference_tool() -> Tool {
    tool(
        "difference",
        "Time between two moments",
        "Tells the length of time between two dates or times: how many days until Christmas, how long from 9:00 to 17:30.",
        json!({
            "from": {"type": "string", "description": TIME},
            "to": {"type": "string", "description": TIME, "default": "now"},
            "zone": {"type": "string", "description": format!("The time zone of times that name none; else UTC. {ZONE}")},
        }),
        &["from"],
    )
    .output(json!({
        "type": "object",
        "properties": {
            "duration": { "type": "string", "description": "ISO 8601." },
            "text": { "type": "string", "description": "In words." },
            "days": { "type": "integer", "description": "Whole days, negative where `to` is before `from`." },
            "seconds": { "type": "integer" }
        },
        "required": ["duration", "text", "days", "seconds"]
    }))
}

#[derive(Deserialize)]
struct Difference {
    from: String,
    to: Option<String>,
    zone: Option<String>,
}

fn difference(arguments: &Difference, now: Timestamp) -> Result<ToolResult, String> {
    let zone = zoned(arguments.zone.as_ref())?;
    let from = moment::parse(&arguments.from, zone.as_ref(), now)?;
    let to = moment::parse(arguments.to.as_deref().unwrap_or("now"), zone.as_ref(), now)?;
    let difference = reckon::difference(&from, &to)?;
    let text = format!(
        "{} ({} days)",
        difference["text"].as_str().unwrap_or_default(),
        difference["days"]
    );
    Ok(ToolResult::text(text).with_structured(&difference))
}

#[cfg(test)]
mod tests {
    use caxton_sdk::Outcome;

    use super::*;

    fn call(name: &str, arguments: Value) -> (bool, Value) {
        let now = "2024-03-10T12:00:00Z".parse().expect("a time");
        let Ok(Outcome::Complete(result)) = answer(name, &arguments.into(), now) else {
            panic!("{name} gave no result")
        };
        let structured = result.structured.map_or(Value::Null, |text| {
            serde_json::from_str(&text).expect("JSON")
        });
        (result.is_error, structured)
    }

    #[test]
    fn the_tools_answer_and_refuse() {
        assert_eq!(
            call("now", json!({})).1["time"],
            "2024-03-10T12:00:00+00:00"
        );
        assert_eq!(
            call("now", json!({"zone": "Tokyo"})).1["time"],
            "2024-03-10T21:00:00+09:00"
        );
        assert_eq!(
            call(
                "convert",
                json!({"time": "09:30", "from": "Europe/Paris", "to": "Asia/Tokyo"})
            )
            .1["time"],
            "2024-03-10T17:30:00+09:00"
        );
        assert_eq!(
            call("add", json!({"duration": "90 days"})).1["date"],
            "2024-06-08"
        );
        assert_eq!(
            call("difference", json!({"from": "2024-03-01"})).1["days"],
            9
        );
        for (name, arguments) in [
            ("now", json!({"zone": "Atlantis"})),
            ("convert", json!({"time": "soon", "to": "UTC"})),
            ("add", json!({"duration": "much"})),
            ("difference", json!({"from": ""})),
        ] {
            assert!(call(name, arguments).0, "{name}");
        }
        assert!(answer("nothing", &json!({}).into(), Timestamp::UNIX_EPOCH).is_err());
        assert!(answer("add", &json!({}).into(), Timestamp::UNIX_EPOCH).is_err());
    }
}
