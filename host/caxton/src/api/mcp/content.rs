//! The contract's content types as MCP's: text, pictures, sounds, resources, with their hints.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use caxton_sandbox::wit::types;
use rmcp::model::{
    Annotations, AudioContent, ContentBlock, EmbeddedResource, ImageContent, Resource,
    ResourceContents, Role, TextContent,
};

/// A piece of content.
pub(super) fn block(content: types::Content) -> ContentBlock {
    let hints = content.annotations.map(annotations);
    match content.body {
        types::Body::Text(text) => {
            let mut block = TextContent::new(text);
            block.annotations = hints;
            ContentBlock::Text(block)
        }
        types::Body::Image(blob) => {
            let mut block = ImageContent::new(STANDARD.encode(blob.data), blob.mime_type);
            block.annotations = hints;
            ContentBlock::Image(block)
        }
        types::Body::Audio(blob) => {
            let mut block = AudioContent::new(STANDARD.encode(blob.data), blob.mime_type);
            block.annotations = hints;
            ContentBlock::Audio(block)
        }
        types::Body::Embedded(contents) => {
            let mut block = EmbeddedResource::new(resource(contents));
            block.annotations = hints;
            ContentBlock::Resource(block)
        }
        types::Body::Link(link) => {
            let mut block = Resource::new(link.uri, link.name);
            block.title = link.title;
            block.description = link.description;
            block.mime_type = link.mime_type;
            block.annotations = hints;
            ContentBlock::ResourceLink(block)
        }
    }
}

/// A resource with what it holds.
pub(super) fn resource(contents: types::ResourceContents) -> ResourceContents {
    let types::ResourceContents {
        uri,
        mime_type,
        data,
    } = contents;
    match data {
        types::ResourceData::Text(text) => ResourceContents::TextResourceContents {
            uri,
            mime_type,
            text,
            meta: None,
        },
        types::ResourceData::Binary(bytes) => {
            let blob = STANDARD.encode(bytes);
            ResourceContents::BlobResourceContents {
                uri,
                mime_type,
                blob,
                meta: None,
            }
        }
    }
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "a priority is a hint between 0 and 1"
)]
fn annotations(hints: types::ContentAnnotations) -> Annotations {
    let mut annotations = Annotations::default();
    if !hints.audience.is_empty() {
        let audience = hints.audience.into_iter().map(|audience| match audience {
            types::Audience::User => Role::User,
            types::Audience::Assistant => Role::Assistant,
        });
        annotations.audience = Some(audience.collect());
    }
    annotations.priority = hints
        .priority
        .map(|priority| priority as f32)
        .filter(|priority| (0.0..=1.0).contains(priority));
    annotations
}
