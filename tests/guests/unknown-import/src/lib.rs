//! Wants a door that no house has.

mod bindings {
    wit_bindgen::generate!({
        inline: "
            package test:unknown@1.0.0;
            interface doors { open: func(name: string) -> bool; }
            world visitor {
                import doors;
                export enter: func(name: string) -> bool;
            }
        ",
    });
    export!(Visitor);

    struct Visitor;

    impl Guest for Visitor {
        fn enter(name: String) -> bool {
            test::unknown::doors::open(&name)
        }
    }
}
