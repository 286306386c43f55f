//! What answers of both kinds have in common.

use uuid::Uuid;

/// When a turn began, in seconds since 1970: its id, a UUID of version 7, tells.
pub(super) fn created(turn: &str) -> u64 {
    let time = Uuid::parse_str(turn).ok().and_then(|id| id.get_timestamp());
    time.map_or(0, |time| time.to_unix().0)
}

/// What of `content` was not sent yet. A provider that does not stream has sent nothing; what was sent and differs from how the
/// answer begins is not sent again, which would double it.
pub(super) fn fresh<'c>(sent: &str, content: &'c str) -> &'c str {
    content.strip_prefix(sent).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_is_in_the_id() {
        for (id, expected) in [
            ("0190163d-8694-739b-aea5-966c26f8ad91", 1_718_360_049),
            ("no id", 0),
        ] {
            assert_eq!(created(id), expected, "{id}");
        }
    }

    #[test]
    fn what_was_not_streamed_is_sent_in_the_end() {
        for (sent, content, expected) in [
            ("", "all", "all"),
            ("all", "all", ""),
            ("a", "all", "ll"),
            ("b", "all", ""),
        ] {
            assert_eq!(fresh(sent, content), expected);
        }
    }
}
