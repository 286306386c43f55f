//! Tools that answer at once: every kind of content, log messages, progress, an error.

use caxton_sdk::{Answer, Content, ResourceContents, Tool, ToolResult, log, progress};

/// A PNG of one red pixel.
pub const PIXEL_PNG: &[u8] = &[
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44, 0x52,
    0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x02, 0x00, 0x00, 0x00, 0x90, 0x77, 0x53,
    0xde, 0x00, 0x00, 0x00, 0x0c, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9c, 0x63, 0xf8, 0xcf, 0xc0, 0x00,
    0x00, 0x03, 0x01, 0x01, 0x00, 0xc9, 0xfe, 0x92, 0xef, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e,
    0x44, 0xae, 0x42, 0x60, 0x82,
];

/// A WAV file of no samples: 8 kHz, one channel, 16 bits.
const SILENCE_WAV: &[u8] =
    b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data\0\0\0\0";

/// The tools of this file.
pub fn list() -> Vec<Tool> {
    [
        ("test_simple_text", "Answers with text."),
        ("test_image_content", "Answers with a picture."),
        ("test_audio_content", "Answers with a sound."),
        (
            "test_embedded_resource",
            "Answers with an embedded resource.",
        ),
        (
            "test_multiple_content_types",
            "Answers with text, a picture and an embedded resource.",
        ),
        (
            "test_tool_with_logging",
            "Writes three log messages while it runs.",
        ),
        ("test_logging_tool", "Writes one log message while it runs."),
        (
            "test_tool_with_progress",
            "Reports its progress three times while it runs.",
        ),
        ("test_error_handling", "Runs and fails."),
    ]
    .into_iter()
    .map(|(name, description)| Tool::new(name, description).read_only())
    .collect()
}

/// Calls a tool of this file; nothing where it has none of that name.
pub fn call(name: &str) -> Option<Answer> {
    let result = match name {
        "test_simple_text" => ToolResult::text("This is a simple text response for testing."),
        "test_image_content" => ToolResult::new(vec![Content::image(PIXEL_PNG, "image/png")]),
        "test_audio_content" => ToolResult::new(vec![Content::audio(SILENCE_WAV, "audio/wav")]),
        "test_embedded_resource" => {
            let resource = ResourceContents::text(
                "test://embedded-resource",
                "text/plain",
                "This is an embedded resource content.",
            );
            ToolResult::new(vec![Content::resource(resource)])
        }
        "test_multiple_content_types" => {
            let resource = ResourceContents::text(
                "test://mixed-content-resource",
                "application/json",
                r#"{"test":"data","value":123}"#,
            );
            ToolResult::text("Multiple content types test:")
                .and(Content::image(PIXEL_PNG, "image/png"))
                .and(Content::resource(resource))
        }
        "test_tool_with_logging" => {
            log::info("Tool execution started");
            log::info("Tool processing data");
            log::info("Tool execution completed");
            ToolResult::text("Tool with logging executed successfully")
        }
        "test_logging_tool" => {
            log::info("The tool runs");
            ToolResult::text("One message was logged.")
        }
        "test_tool_with_progress" => {
            for done in [0.0, 50.0, 100.0] {
                progress::report(done, Some(100.0), Some(&format!("{done} of 100 done")));
            }
            ToolResult::text("Progress was reported three times.")
        }
        "test_error_handling" => {
            ToolResult::error("This tool intentionally returns an error for testing")
        }
        _ => return None,
    };
    Some(result.into())
}
