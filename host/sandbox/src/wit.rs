//! Host bindings of the contract in `wit/`: the types that components and the host exchange, the traits behind their
//! imports, and the typed entry points of their exports. Generated; only names are chosen here.
#![allow(
    missing_docs,
    reason = "documented in wit/, from where this is generated"
)]

mod generated {
    wasmtime::component::bindgen!({
        path: "../../wit",
        inline: "
            package caxton:host;
            world host {
                include caxton:plugin/imports@0.1.0;
                import caxton:plugin/deltas@0.1.0;
                export caxton:plugin/tools@0.1.0;
                export caxton:plugin/resources@0.1.0;
                export caxton:plugin/prompts@0.1.0;
                export caxton:plugin/completion@0.1.0;
                export caxton:plugin/llm@0.1.0;
                export caxton:plugin/routing@0.1.0;
            }
        ",
        world: "caxton:host/host",
        imports: {
            // All are async, so that a guest that keeps the host busy can be made to give way.
            "caxton:plugin/http": async | trappable,
            default: async,
        },
        exports: { default: async },
        with: { "caxton:plugin/http.response": crate::capabilities::http::Response },
        additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
    });
}

pub use generated::caxton::plugin::deltas::Delta;
pub use generated::caxton::plugin::{
    config, deltas, embed, http, input, log, progress, state, types,
};
pub use generated::exports::caxton::plugin::{completion, llm, prompts, resources, routing, tools};

/// The version of `caxton:plugin` that this host speaks.
pub const VERSION: &str = "0.1.0";
