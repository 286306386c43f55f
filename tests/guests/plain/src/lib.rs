//! Functions of a component whose author never heard of Caxton.

mod bindings {
    wit_bindgen::generate!({
        inline: "
            package test:plain@1.0.0;

            /// Things on a plane.
            interface geometry {
                /// A point.
                record point {
                    /// To the right.
                    x: f64,
                    /// Upwards.
                    y: f64,
                }
                /// How a figure looks.
                enum style { plain, dashed }
                /// Gives the distance of two points.
                distance: func(a: point, b: point) -> f64;
                /// Finds the point in the middle of all of them; there must be one.
                centre: func(points: list<point>, look: option<style>) -> result<point, string>;
            }

            world library {
                export geometry;
                /// Turns a text round.
                export reverse: func(text: string) -> string;
            }
        ",
    });
    export!(Library);

    use exports::test::plain::geometry::{Guest as Geometry, Point, Style};

    struct Library;

    impl Guest for Library {
        fn reverse(text: String) -> String {
            text.chars().rev().collect()
        }
    }

    impl Geometry for Library {
        fn distance(a: Point, b: Point) -> f64 {
            (a.x - b.x).hypot(a.y - b.y)
        }

        fn centre(points: Vec<Point>, _: Option<Style>) -> Result<Point, String> {
            if points.is_empty() {
                return Err("there is no point".to_owned());
            }
            let n = points.len() as f64;
            Ok(Point {
                x: points.iter().map(|p| p.x).sum::<f64>() / n,
                y: points.iter().map(|p| p.y).sum::<f64>() / n,
            })
        }
    }
}
