//! What a component says about itself beside its types: the section `package-docs`, in which tools of the component
//! ecosystem keep the documentation of its WIT as JSON.

use std::borrow::Cow;

use serde_json::Value;
use wit_parser::{Resolve, WorldId};

const SECTION: &[u8] = b"package-docs";

/// The documentation of a component's interfaces; empty for most components, as few build tools write it.
#[derive(Debug, Default)]
pub(super) struct Docs(Value);

impl Docs {
    /// Gives the documentation of a function, at the root where it is in no interface.
    pub(super) fn function<'a>(
        &'a self,
        interface: Option<&'a str>,
        name: &'a str,
    ) -> Option<&'a str> {
        let functions = |of: &'static str| self.worlds().map(move |world| &world[of][name]["docs"]);
        match interface {
            None => functions("func_exports")
                .chain(functions("funcs"))
                .find_map(Value::as_str),
            Some(interface) => self
                .interface(interface)
                .find_map(|found| found["funcs"][name]["docs"].as_str()),
        }
    }

    /// Gives the documentation of a type.
    pub(super) fn type_<'a>(&'a self, interface: &'a str, name: &'a str) -> Option<&'a str> {
        self.interface(interface)
            .find_map(|found| found["types"][name]["docs"].as_str())
    }

    /// Gives the documentation of a field, case or flag of a type.
    pub(super) fn item<'a>(
        &'a self,
        interface: &'a str,
        name: &'a str,
        item: &'a str,
    ) -> Option<&'a str> {
        self.interface(interface)
            .find_map(|found| found["types"][name]["items"][item].as_str())
    }

    fn worlds(&self) -> impl Iterator<Item = &Value> {
        self.0["worlds"]
            .as_object()
            .into_iter()
            .flat_map(|worlds| worlds.values())
    }

    fn interface<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Value> {
        let inline = |of: &'static str| self.worlds().map(move |world| &world[of][name]);
        std::iter::once(&self.0["interfaces"][name])
            .chain(inline("interface_exports"))
            .chain(inline("interfaces"))
    }
}

/// Finds out a component's types and documentation.
///
/// # Errors
/// A text that says why the types can't be told.
pub(super) fn decode(wasm: &[u8]) -> Result<(Resolve, WorldId, Docs), String> {
    let (plain, docs) = split(wasm);
    // The decoder is meant for what its own toolchain wrote, and panics on some of what others may write.
    let decoded = std::panic::catch_unwind(|| wit_component::decode(&plain));
    match decoded {
        Ok(Ok(wit_component::DecodedWasm::Component(resolve, world))) => Ok((resolve, world, docs)),
        Ok(Ok(wit_component::DecodedWasm::WitPackage(..))) => {
            Err("it is a package of WIT, which has types and no code".to_owned())
        }
        Ok(Err(error)) => Err(format!("{error:#}")),
        Err(_) => Err("its types can't be decoded".to_owned()),
    }
}

/// Takes the documentation out: the decoder would refuse a component whose documentation names the world that it was
/// built from, which is what build tools write.
fn split(wasm: &[u8]) -> (Cow<'_, [u8]>, Docs) {
    let mut docs = Docs::default();
    let mut plain = Cow::Borrowed(wasm);
    let mut at = 8;
    while let Some((id, start, end)) = section(wasm, at) {
        let body = &wasm[start..end];
        let custom = (id == 0).then(|| leb(body, 0)).flatten();
        let content = custom.and_then(|(length, from)| {
            body.get(from..from.checked_add(length)?)
                .filter(|name| *name == SECTION)
                .map(|_| &body[from + length..])
        });
        match content {
            Some(content) => {
                if let Cow::Borrowed(_) = plain {
                    plain = Cow::Owned(wasm[..at].to_vec());
                }
                // The first byte is the version of the format.
                docs = Docs(
                    content
                        .get(1..)
                        .and_then(|json| serde_json::from_slice(json).ok())
                        .unwrap_or_default(),
                );
            }
            None => {
                if let Cow::Owned(kept) = &mut plain {
                    kept.extend_from_slice(&wasm[at..end]);
                }
            }
        }
        at = end;
    }
    if let Cow::Owned(kept) = &mut plain {
        kept.extend_from_slice(&wasm[at.min(wasm.len())..]);
    }
    (plain, docs)
}

/// Reads the head of the section at `at`: its id, and where its content starts and ends.
fn section(wasm: &[u8], at: usize) -> Option<(u8, usize, usize)> {
    let id = *wasm.get(at)?;
    let (size, start) = leb(wasm, at + 1)?;
    let end = start.checked_add(size).filter(|end| *end <= wasm.len())?;
    Some((id, start, end))
}

/// Reads an unsigned number of up to 32 bits in LEB128; gives it and where it ends.
fn leb(bytes: &[u8], from: usize) -> Option<(usize, usize)> {
    let mut value = 0_u64;
    for (i, byte) in bytes.get(from..)?.iter().take(5).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * i);
        if byte & 0x80 == 0 {
            return Some((usize::try_from(value).ok()?, from + i + 1));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn custom(name: &[u8], content: &[u8]) -> Vec<u8> {
        let size = u8::try_from(1 + name.len() + content.len()).unwrap_or_else(|e| panic!("{e}"));
        // Sizes above 127 take two bytes.
        [
            &[
                0,
                size & 0x7f | 0x80,
                size >> 7,
                u8::try_from(name.len()).unwrap_or(0),
            ][..],
            name,
            content,
        ]
        .concat()
    }

    #[test]
    fn documentation_is_read_and_taken_out() {
        let header = b"\0asm\x0d\0\x01\0".to_vec();
        let json = br#"{"worlds":{"w":{"func_exports":{"f":{"docs":"F"}}}},"interfaces":{"i":{"funcs":{"g":{"docs":"G"}},"types":{"t":{"docs":"T","items":{"x":"X"}}}}}}"#;
        let json = [&[1][..], json].concat();
        let (other, docs) = (custom(b"name", b"abc"), custom(SECTION, &json));
        let wasm = [header.clone(), other.clone(), docs, other.clone()].concat();
        let (plain, docs) = split(&wasm);
        assert_eq!(*plain, [header, other.clone(), other].concat());
        assert_eq!(
            (docs.function(None, "f"), docs.function(Some("i"), "g")),
            (Some("F"), Some("G"))
        );
        assert_eq!(
            (docs.type_("i", "t"), docs.item("i", "t", "x")),
            (Some("T"), Some("X"))
        );
        assert_eq!(
            (
                docs.function(None, "g"),
                docs.function(Some("x"), "g"),
                docs.item("i", "t", "y")
            ),
            (None, None, None)
        );
    }

    #[test]
    fn documentation_that_is_broken_says_nothing() {
        let header = b"\0asm\x0d\0\x01\0".to_vec();
        for broken in [
            custom(SECTION, b""),
            custom(SECTION, b"\x01{"),
            vec![0],
            vec![0, 0xff, 0xff, 0xff, 0xff, 0xff],
            vec![0, 5, 200, 1],
        ] {
            let wasm = [header.clone(), broken].concat();
            let (_, docs) = split(&wasm);
            assert_eq!(docs.function(None, "f"), None);
        }
    }
}
