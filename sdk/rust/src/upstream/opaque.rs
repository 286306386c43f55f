//! What only the upstream understands, such as a signed thought: kept in the answer, and put back where it stood.
//!
//! ```
//! use caxton_sdk::json;
//! use caxton_sdk::provider::Part;
//! use caxton_sdk::upstream::opaque;
//!
//! // The answer was a thought and then a text.
//! let Part::Opaque(kept) = opaque::keep(0, &json!({"type": "thought", "signature": "x"})) else {
//!     unreachable!()
//! };
//! // The next request has the text from our message, and the thought goes in front of it.
//! let mut items = vec![json!({"type": "text", "text": "hello"})];
//! opaque::put_back(&mut items, opaque::read(&kept));
//! assert_eq!(items[0]["type"], "thought");
//! ```

use serde_json::{Value, json};

use crate::provider::Part;

/// Gives the part that keeps `item`, a JSON object; `place` is its number among all items of the answer, from 0.
pub fn keep(place: usize, item: &Value) -> Part {
    Part::Opaque(json!({"place": place, "item": item}).to_string())
}

/// Reads the text of a part that [`keep`] made: the item's place and the item. Gives nothing for what another provider kept.
pub fn read(text: &str) -> Option<(usize, Value)> {
    let mut value: Value = serde_json::from_str(text).ok()?;
    let place = usize::try_from(value["place"].as_u64()?).ok()?;
    let item = value["item"].take();
    item.is_object().then_some((place, item))
}

/// Puts kept items back among the `items` of their message, each at its place or, where there are fewer items, at the end.
/// They come in the order in which they were kept.
pub fn put_back(items: &mut Vec<Value>, kept: impl IntoIterator<Item = (usize, Value)>) {
    for (place, item) in kept {
        items.insert(place.min(items.len()), item);
    }
}
