//! Write Caxton components in Rust.
#![allow(missing_docs)]
wit_bindgen::generate!({ path: "../../wit", world: "full-tool", pub_export_macro: true, generate_all });
