//! What tools, prompts and resources give: text, pictures, sounds and resources, with hints for the client.

pub use crate::bindings::host::caxton::plugin::types::{
    Audience, Blob, Body, Content, ContentAnnotations, ResourceContents, ResourceData,
    ResourceLink, Role,
};

impl Content {
    /// Gives a piece of content without hints.
    pub fn new(body: Body) -> Self {
        Self {
            body,
            annotations: None,
        }
    }

    /// Gives text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::new(Body::Text(text.into()))
    }

    /// Gives a picture; `data` are the bytes themselves and `mime_type` is such as `image/png`.
    pub fn image(data: impl Into<Vec<u8>>, mime_type: impl Into<String>) -> Self {
        Self::new(Body::Image(Blob {
            data: data.into(),
            mime_type: mime_type.into(),
        }))
    }

    /// Gives a sound.
    pub fn audio(data: impl Into<Vec<u8>>, mime_type: impl Into<String>) -> Self {
        Self::new(Body::Audio(Blob {
            data: data.into(),
            mime_type: mime_type.into(),
        }))
    }

    /// Gives a resource, embedded whole.
    pub fn resource(contents: ResourceContents) -> Self {
        Self::new(Body::Embedded(contents))
    }

    /// Gives a resource by reference.
    pub fn link(link: ResourceLink) -> Self {
        Self::new(Body::Link(link))
    }

    /// Says for whom it is.
    pub fn for_audience(mut self, audience: Audience) -> Self {
        let hints = self.annotations.get_or_insert(ContentAnnotations {
            audience: Vec::new(),
            priority: None,
        });
        if !hints.audience.contains(&audience) {
            hints.audience.push(audience);
        }
        self
    }

    /// Says how important it is, from 0 (optional) to 1 (required).
    pub fn priority(mut self, priority: f64) -> Self {
        let hints = self.annotations.get_or_insert(ContentAnnotations {
            audience: Vec::new(),
            priority: None,
        });
        hints.priority = Some(priority);
        self
    }
}

impl From<String> for Content {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

impl From<&str> for Content {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl ResourceContents {
    /// Gives a resource that holds text.
    pub fn text(
        uri: impl Into<String>,
        mime_type: impl Into<String>,
        text: impl Into<String>,
    ) -> Self {
        Self {
            uri: uri.into(),
            mime_type: Some(mime_type.into()),
            data: ResourceData::Text(text.into()),
        }
    }

    /// Gives a resource that holds bytes.
    pub fn binary(
        uri: impl Into<String>,
        mime_type: impl Into<String>,
        bytes: impl Into<Vec<u8>>,
    ) -> Self {
        Self {
            uri: uri.into(),
            mime_type: Some(mime_type.into()),
            data: ResourceData::Binary(bytes.into()),
        }
    }
}
