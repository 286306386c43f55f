//! Content in the shapes of the Model Context Protocol.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use caxton_sandbox::wit::types;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A piece of content.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Content {
    /// Text.
    Text {
        /// The text.
        text: String,
        /// Hints.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        annotations: Option<Annotations>,
    },
    /// A picture.
    #[serde(rename_all = "camelCase")]
    Image {
        /// Its bytes in base64.
        data: String,
        /// Its media type.
        mime_type: String,
        /// Hints.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        annotations: Option<Annotations>,
    },
    /// A sound.
    #[serde(rename_all = "camelCase")]
    Audio {
        /// Its bytes in base64.
        data: String,
        /// Its media type.
        mime_type: String,
        /// Hints.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        annotations: Option<Annotations>,
    },
    /// A resource, embedded whole.
    Resource {
        /// The resource.
        resource: ResourceContents,
        /// Hints.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        annotations: Option<Annotations>,
    },
    /// A resource, by reference.
    #[serde(rename_all = "camelCase")]
    ResourceLink {
        /// Its URI.
        uri: String,
        /// A short name.
        name: String,
        /// A name for people.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
        /// What it is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        description: Option<String>,
        /// Its media type.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mime_type: Option<String>,
        /// Hints.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        annotations: Option<Annotations>,
    },
}

/// A resource with what it holds: `text` or `blob`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResourceContents {
    /// Its URI.
    pub uri: String,
    /// Its media type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<String>,
    /// Its text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Its bytes in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blob: Option<String>,
}

/// Hints on how to treat a piece of content.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Annotations {
    /// For whom it is: `user`, `assistant`; empty means for everyone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub audience: Vec<String>,
    /// From 0 (optional) to 1 (required).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<f64>,
}

impl From<types::Content> for Content {
    fn from(content: types::Content) -> Self {
        let annotations = content.annotations.map(Annotations::from);
        match content.body {
            types::Body::Text(text) => Self::Text { text, annotations },
            types::Body::Image(blob) => Self::Image {
                data: STANDARD.encode(blob.data),
                mime_type: blob.mime_type,
                annotations,
            },
            types::Body::Audio(blob) => Self::Audio {
                data: STANDARD.encode(blob.data),
                mime_type: blob.mime_type,
                annotations,
            },
            types::Body::Embedded(contents) => Self::Resource {
                resource: contents.into(),
                annotations,
            },
            types::Body::Link(link) => {
                let types::ResourceLink {
                    uri,
                    name,
                    title,
                    description,
                    mime_type,
                } = link;
                Self::ResourceLink {
                    uri,
                    name,
                    title,
                    description,
                    mime_type,
                    annotations,
                }
            }
        }
    }
}

impl From<types::ResourceContents> for ResourceContents {
    fn from(contents: types::ResourceContents) -> Self {
        let types::ResourceContents {
            uri,
            mime_type,
            data,
        } = contents;
        let (text, blob) = match data {
            types::ResourceData::Text(text) => (Some(text), None),
            types::ResourceData::Binary(bytes) => (None, Some(STANDARD.encode(bytes))),
        };
        Self {
            uri,
            mime_type,
            text,
            blob,
        }
    }
}

impl From<types::ContentAnnotations> for Annotations {
    fn from(annotations: types::ContentAnnotations) -> Self {
        let audience = annotations
            .audience
            .into_iter()
            .map(|audience| match audience {
                types::Audience::User => "user".to_owned(),
                types::Audience::Assistant => "assistant".to_owned(),
            });
        Self {
            audience: audience.collect(),
            priority: annotations.priority,
        }
    }
}
