//! The bindings that `wit-bindgen` makes of `wit/`. One world for all imports, and one small world for each interface
//! that a component can export, so that a component exports what it says and nothing else. The types are the same
//! everywhere, because the export worlds are mapped onto the modules of the first. Nothing here is written by hand; the
//! rest of the crate re-exports it under shorter names.
#![allow(missing_docs, clippy::all, rust_2018_idioms, unused_qualifications)]

/// Everything that a component can import, and the types that the interfaces share.
pub mod host {
    wit_bindgen::generate!({
        path: "../../wit",
        inline: "
            package caxton:sdk;
            world host {
                include caxton:plugin/imports@0.1.0;
                import caxton:plugin/types@0.1.0;
                import caxton:plugin/deltas@0.1.0;
            }
        ",
        generate_all,
        generate_unused_types: true,
        additional_derives: [PartialEq],
    });
}

/// Makes the module of one exported interface. Every export world includes the imports again: the section that
/// describes a component is written where its `export!` stands, and must know whatever the component may import.
macro_rules! exported {
    ($module:ident, $wit:tt) => {
        pub mod $module {
            wit_bindgen::generate!({
                path: "../../wit",
                inline: $wit,
                pub_export_macro: true,
                generate_unused_types: true,
                additional_derives: [PartialEq],
                with: {
                    "caxton:plugin/config@0.1.0": crate::bindings::host::caxton::plugin::config,
                    "caxton:plugin/deltas@0.1.0": crate::bindings::host::caxton::plugin::deltas,
                    "caxton:plugin/embed@0.1.0": crate::bindings::host::caxton::plugin::embed,
                    "caxton:plugin/http@0.1.0": crate::bindings::host::caxton::plugin::http,
                    "caxton:plugin/input@0.1.0": crate::bindings::host::caxton::plugin::input,
                    "caxton:plugin/log@0.1.0": crate::bindings::host::caxton::plugin::log,
                    "caxton:plugin/progress@0.1.0": crate::bindings::host::caxton::plugin::progress,
                    "caxton:plugin/state@0.1.0": crate::bindings::host::caxton::plugin::state,
                    "caxton:plugin/types@0.1.0": crate::bindings::host::caxton::plugin::types,
                },
            });
        }
    };
}

exported!(
    tools,
    "
        package caxton:sdk;
        world tools {
            include caxton:plugin/imports@0.1.0;
            import caxton:plugin/types@0.1.0;
            import caxton:plugin/deltas@0.1.0;
            export caxton:plugin/tools@0.1.0;
        }
    "
);

exported!(
    resources,
    "
        package caxton:sdk;
        world resources {
            include caxton:plugin/imports@0.1.0;
            import caxton:plugin/types@0.1.0;
            import caxton:plugin/deltas@0.1.0;
            export caxton:plugin/resources@0.1.0;
        }
    "
);

exported!(
    prompts,
    "
        package caxton:sdk;
        world prompts {
            include caxton:plugin/imports@0.1.0;
            import caxton:plugin/types@0.1.0;
            import caxton:plugin/deltas@0.1.0;
            export caxton:plugin/prompts@0.1.0;
        }
    "
);

exported!(
    completion,
    "
        package caxton:sdk;
        world completion {
            include caxton:plugin/imports@0.1.0;
            import caxton:plugin/types@0.1.0;
            import caxton:plugin/deltas@0.1.0;
            export caxton:plugin/completion@0.1.0;
        }
    "
);

exported!(
    llm,
    "
        package caxton:sdk;
        world llm {
            include caxton:plugin/imports@0.1.0;
            import caxton:plugin/types@0.1.0;
            import caxton:plugin/deltas@0.1.0;
            export caxton:plugin/llm@0.1.0;
        }
    "
);

exported!(
    routing,
    "
        package caxton:sdk;
        world routing {
            include caxton:plugin/imports@0.1.0;
            import caxton:plugin/types@0.1.0;
            import caxton:plugin/deltas@0.1.0;
            export caxton:plugin/routing@0.1.0;
        }
    "
);
