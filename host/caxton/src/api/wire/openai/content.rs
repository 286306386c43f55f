//! What is said: text, or a list of parts.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// A text, or a list of something. It is read by hand, so that a fault in the list is told by its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextOr<T> {
    /// A text.
    Text(String),
    /// A list.
    List(Vec<T>),
}

/// What is said: text, or parts of several kinds.
pub type Content = TextOr<Part>;

/// A part of what is said. Which members it has depends on its kind.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Part {
    /// `text`, `image_url`, `refusal` and others; in Responses `input_text`, `output_text`, `input_image` and others.
    #[serde(rename = "type")]
    pub kind: String,
    /// The text.
    #[serde(default)]
    pub text: Option<String>,
    /// Why the model refused.
    #[serde(default)]
    pub refusal: Option<String>,
    /// A picture.
    #[serde(default)]
    pub image_url: Option<ImageUrl>,
}

/// Where a picture is: Responses has the address itself, Chat Completions an object around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageUrl {
    /// The address.
    pub url: String,
}

struct Read<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for TextOr<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Read::<Self>(PhantomData))
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Read<TextOr<T>> {
    type Value = TextOr<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a list")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(TextOr::Text(text.to_owned()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Self::Value, E> {
        Ok(TextOr::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(list)).map(TextOr::List)
    }
}

impl<'de> Deserialize<'de> for ImageUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Read::<Self>(PhantomData))
    }
}

impl<'de> Visitor<'de> for Read<ImageUrl> {
    type Value = ImageUrl;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an address, or an object with the member `url`")
    }

    fn visit_str<E: Error>(self, url: &str) -> Result<ImageUrl, E> {
        Ok(ImageUrl {
            url: url.to_owned(),
        })
    }

    fn visit_string<E: Error>(self, url: String) -> Result<ImageUrl, E> {
        Ok(ImageUrl { url })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ImageUrl, A::Error> {
        #[derive(Deserialize)]
        struct Object {
            url: String,
        }
        let Object { url } = Object::deserialize(MapAccessDeserializer::new(map))?;
        Ok(ImageUrl { url })
    }
}
