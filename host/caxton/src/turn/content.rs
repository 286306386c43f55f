//! What tools give back, for those who read on: text for the model, files for the person. Pictures and other bytes are kept
//! under the workspace's data directory, and the model is told where.

use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use caxton_sandbox::tool_types::Content;
use caxton_sandbox::wit::types::{Audience, Body, ResourceData};

use super::event::Attachment;
use crate::workspace::tool::Answer;

/// The most bytes of a result that a model is told: about 8,000 tokens. More seldom helps and always costs.
const TEXT_BYTES_MAX: usize = 32 << 10;

/// The most bytes of JSON of a structured result that are kept with its call. What is kept is written down again with each step
/// of its turn, and in memory it is many times as large.
const STRUCTURED_BYTES_MAX: usize = 64 << 10;

/// How many files of one name there can be in a conversation.
const FILES_MAX: u32 = 10_000;

/// A tool's answer, taken apart.
pub(super) struct Shown {
    pub(super) text: String,
    pub(super) attachments: Vec<Attachment>,
}

/// Takes an answer apart. Files go to `dir` and are named after the tool.
pub(super) async fn show(answer: &Answer, tool: &str, dir: &Path) -> Shown {
    let mut lines = Vec::new();
    let mut attachments = Vec::new();
    for content in &answer.content {
        if let Some(line) = show_one(content, tool, dir, &mut attachments).await {
            lines.push(line);
        }
    }
    let mut text = lines.join("\n");
    if let (true, Some(structured)) = (text.is_empty(), &answer.structured) {
        text = structured.to_string();
    }
    if text.is_empty() {
        "(the tool gave no content)".clone_into(&mut text);
    }
    Shown {
        text: shortened(text),
        attachments,
    }
}

/// Whether a structured result is small enough to be kept. One that is not is left out, for half of it would not be what its
/// schema says.
pub(super) fn is_kept(structured: &serde_json::Value) -> bool {
    serde_json::to_writer(Room(STRUCTURED_BYTES_MAX), structured).is_ok()
}

/// Room for so many bytes, which are not kept.
struct Room(usize);

impl Write for Room {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let left = self.0.checked_sub(bytes.len());
        self.0 = left.ok_or(ErrorKind::FileTooLarge)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

async fn show_one(
    content: &Content,
    tool: &str,
    dir: &Path,
    attachments: &mut Vec<Attachment>,
) -> Option<String> {
    let (bytes, mime_type) = match &content.body {
        Body::Text(text) => {
            let for_user = content
                .annotations
                .as_ref()
                .is_some_and(|a| a.audience == [Audience::User]);
            return (!for_user).then(|| text.clone());
        }
        Body::Link(link) => {
            let name = link.title.as_ref().unwrap_or(&link.name);
            return Some(format!("[resource {name}: {}]", link.uri));
        }
        Body::Image(blob) | Body::Audio(blob) => (&blob.data, blob.mime_type.as_str()),
        Body::Embedded(resource) => match &resource.data {
            ResourceData::Text(text) => return Some(format!("[{}]\n{text}", resource.uri)),
            ResourceData::Binary(bytes) => (
                bytes,
                resource
                    .mime_type
                    .as_deref()
                    .unwrap_or("application/octet-stream"),
            ),
        },
    };
    let size = size_shown(bytes.len());
    let mime_type: String = mime_type
        .chars()
        .filter(|c| c.is_ascii_graphic())
        .take(100)
        .collect();
    match keep(bytes.clone(), tool, &mime_type, dir.to_path_buf()).await {
        Ok(path) => {
            let line = format!("[{mime_type}, {size}, saved as {}]", path.display());
            attachments.push(Attachment {
                mime_type,
                bytes: bytes.len() as u64,
                path,
            });
            Some(line)
        }
        Err(e) => {
            tracing::error!(tool, dir = %dir.display(), error = %e, "a tool's file can't be kept");
            Some(format!(
                "[{mime_type}, {size}, which could not be saved: {e}]"
            ))
        }
    }
}

/// Writes a file under the first free name.
async fn keep(bytes: Vec<u8>, tool: &str, mime_type: &str, dir: PathBuf) -> io::Result<PathBuf> {
    let stem: String = tool
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    let stem = stem.replace("--", "-");
    let extension = extension(mime_type);
    let write = move || {
        std::fs::create_dir_all(&dir)?;
        for n in 1..=FILES_MAX {
            let path = dir.join(format!("{stem}-{n}.{extension}"));
            match std::fs::OpenOptions::new()
                .write(true)
                .create_new(true)
                .open(&path)
            {
                Ok(mut file) => {
                    file.write_all(&bytes)?;
                    file.sync_all()?;
                    return Ok(path);
                }
                Err(e) if e.kind() == ErrorKind::AlreadyExists => {}
                Err(e) => return Err(e),
            }
        }
        Err(std::io::Error::other(format!(
            "{} has {FILES_MAX} files of that name",
            dir.display()
        )))
    };
    tokio::task::spawn_blocking(write)
        .await
        .unwrap_or_else(|e| Err(std::io::Error::other(e)))
}

/// The usual ending of files of a media type.
fn extension(mime_type: &str) -> &'static str {
    match mime_type.split(';').next().unwrap_or_default() {
        "image/svg+xml" => "svg",
        "image/png" => "png",
        "image/jpeg" => "jpg",
        "image/gif" => "gif",
        "image/webp" => "webp",
        "audio/wav" | "audio/x-wav" => "wav",
        "audio/mpeg" => "mp3",
        "audio/ogg" => "ogg",
        "application/pdf" => "pdf",
        "application/json" => "json",
        "application/zip" => "zip",
        "text/csv" => "csv",
        "text/html" => "html",
        "text/plain" => "txt",
        _ => "bin",
    }
}

/// A text that a model can be told, with a note where something is left out.
pub(super) fn shortened(mut text: String) -> String {
    if text.len() <= TEXT_BYTES_MAX {
        return text;
    }
    let whole = text.len();
    text.truncate(text.floor_char_boundary(TEXT_BYTES_MAX));
    let left = whole - text.len();
    text.push_str(&format!(
        "\n[{} of {} are left out here; ask for less, or for a part]",
        size_shown(left),
        size_shown(whole)
    ));
    text
}

/// A size for people: `12 kB`.
fn size_shown(bytes: usize) -> String {
    match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{} kB", bytes.div_ceil(1_000)),
        _ => format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_results_are_cut_between_characters_with_a_note() {
        assert_eq!(shortened("short".to_owned()), "short");
        let text = shortened("ü".repeat(TEXT_BYTES_MAX));
        assert!(text.starts_with(&"ü".repeat(TEXT_BYTES_MAX / 2)));
        assert!(
            text.ends_with("[33 kB of 66 kB are left out here; ask for less, or for a part]"),
            "{}",
            &text[text.len() - 80..]
        );
    }

    #[test]
    fn large_structured_results_are_not_kept() {
        let check = |bytes: usize, kept: bool| {
            let text = serde_json::Value::String("x".repeat(bytes - 2));
            assert_eq!(is_kept(&text), kept, "{bytes}");
        };
        check(2, true);
        check(STRUCTURED_BYTES_MAX, true);
        check(STRUCTURED_BYTES_MAX + 1, false);
    }

    #[test]
    fn sizes_are_shown_for_people() {
        let check = |bytes, shown: &str| assert_eq!(size_shown(bytes), shown);
        check(0, "0 bytes");
        check(999, "999 bytes");
        check(11_500, "12 kB");
        check(1_250_000, "1.2 MB");
    }
}
