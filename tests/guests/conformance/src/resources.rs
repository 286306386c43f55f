//! Resources: text, bytes, a family by a template, and one to subscribe to.

use caxton_sdk::server::{ReadOutcome, ResourceError, ResourceInfo, ResourceTemplate};
use caxton_sdk::{ResourceContents, Resources, json};

use crate::Conformance;
use crate::content::PIXEL_PNG;

impl Resources for Conformance {
    fn list() -> Result<Vec<ResourceInfo>, String> {
        Ok([
            (
                "test://static-text",
                "static-text",
                "Text that never changes.",
                "text/plain",
            ),
            (
                "test://static-binary",
                "static-binary",
                "A picture that never changes.",
                "image/png",
            ),
            (
                "test://watched-resource",
                "watched-resource",
                "Text that can be subscribed to.",
                "text/plain",
            ),
        ]
        .into_iter()
        .map(|(uri, name, description, mime_type)| ResourceInfo {
            uri: uri.into(),
            name: name.into(),
            title: None,
            description: Some(description.into()),
            mime_type: Some(mime_type.into()),
            size: None,
        })
        .collect())
    }

    fn list_templates() -> Result<Vec<ResourceTemplate>, String> {
        Ok(vec![ResourceTemplate {
            uri_template: "test://template/{id}/data".into(),
            name: "template-data".into(),
            title: None,
            description: Some("Data by its id.".into()),
            mime_type: Some("application/json".into()),
        }])
    }

    fn read(uri: &str) -> Result<ReadOutcome, ResourceError> {
        let contents = match uri {
            "test://static-text" => ResourceContents::text(
                uri,
                "text/plain",
                "This is the content of the static text resource.",
            ),
            "test://static-binary" => ResourceContents::binary(uri, "image/png", PIXEL_PNG),
            "test://watched-resource" => {
                ResourceContents::text(uri, "text/plain", "Watched resource content")
            }
            _ => template(uri).ok_or_else(|| ResourceError::NotFound(uri.into()))?,
        };
        Ok(ReadOutcome::Complete(vec![contents]))
    }
}

/// Reads a member of the family `test://template/{id}/data`.
fn template(uri: &str) -> Option<ResourceContents> {
    let id = uri
        .strip_prefix("test://template/")?
        .strip_suffix("/data")?;
    if id.is_empty() || id.contains('/') {
        return None;
    }
    let data = json!({ "id": id, "templateTest": true, "data": format!("Data for ID: {id}") });
    Some(ResourceContents::text(
        uri,
        "application/json",
        data.to_string(),
    ))
}
