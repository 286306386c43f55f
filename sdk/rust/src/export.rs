//! The macros that turn a type into a component's exports. Natively they only check that the type implements the
//! trait, so that a component's crate can be tested like any other.

#[doc(hidden)]
#[macro_export]
macro_rules! __export {
    ($type:ident, $trait:ident, $module:ident) => {
        const _: fn() = || {
            fn implements<T: $crate::$trait>() {}
            implements::<$type>();
        };
        #[cfg(target_arch = "wasm32")]
        $crate::bindings::$module::export!($type with_types_in $crate::bindings::$module);
    };
}

/// Exports a type that implements [`Tools`](crate::Tools) as the component's tools.
#[macro_export]
macro_rules! export_tools {
    ($type:ident) => {
        $crate::__export!($type, Tools, tools);
    };
}

/// Exports a type that implements [`Resources`](crate::Resources) beside the component's tools.
#[macro_export]
macro_rules! export_resources {
    ($type:ident) => {
        $crate::__export!($type, Resources, resources);
    };
}

/// Exports a type that implements [`Prompts`](crate::Prompts) beside the component's tools.
#[macro_export]
macro_rules! export_prompts {
    ($type:ident) => {
        $crate::__export!($type, Prompts, prompts);
    };
}

/// Exports a type that implements [`Completion`](crate::Completion) beside the component's tools.
#[macro_export]
macro_rules! export_completion {
    ($type:ident) => {
        $crate::__export!($type, Completion, completion);
    };
}

/// Exports a type that implements [`Tools`](crate::Tools), [`Resources`](crate::Resources),
/// [`Prompts`](crate::Prompts) and [`Completion`](crate::Completion): all that an MCP server can offer.
#[macro_export]
macro_rules! export_full_tool {
    ($type:ident) => {
        $crate::export_tools!($type);
        $crate::export_resources!($type);
        $crate::export_prompts!($type);
        $crate::export_completion!($type);
    };
}

/// Exports a type that implements [`Provider`](crate::Provider) as a language model.
#[macro_export]
macro_rules! export_provider {
    ($type:ident) => {
        $crate::__export!($type, Provider, llm);
    };
}

/// Exports a type that implements [`Router`](crate::Router) as a router.
#[macro_export]
macro_rules! export_router {
    ($type:ident) => {
        $crate::__export!($type, Router, routing);
    };
}
