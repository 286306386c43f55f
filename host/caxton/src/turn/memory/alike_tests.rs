//! What is known, nearly known and new.

use super::super::hit;
use super::*;

#[test]
fn what_is_known_is_told_from_what_changed_and_what_is_new() {
    let port = || {
        hit(
            1,
            "statement",
            "The server listens on port 8080.",
            &[],
            Some(0.97),
        )
    };
    let moved = || {
        let later = ["It is port 8081 where the server listens."];
        hit(
            2,
            "statement",
            "The server listens on port 8080.",
            &later,
            Some(0.97),
        )
    };
    let anna = || hit(3, "person", "Anna", &["leads the sales team"], Some(0.9));
    let check = |near: &[Hit], said: &str, expected: (&str, i64)| {
        let found = match known(near, said) {
            Known::Already(entity) => ("already", entity.id),
            Known::Nearly(entity) => ("nearly", entity.id),
            Known::Not => ("not", 0),
        };
        assert_eq!(found, expected, "{said}");
    };
    check(&[port()], "the server listens on port 8080", ("already", 1));
    check(&[port()], "The server listens on port 8081.", ("nearly", 1));
    check(
        &[moved()],
        "The server listens on port 8080.",
        ("nearly", 2),
    );
    check(
        &[moved()],
        "It is port 8081, where the server listens!",
        ("already", 2),
    );
    // What was written down on purpose is known, and not changed.
    check(&[anna()], "Anna leads the sales team.", ("already", 3));
    check(&[anna()], "Anna leads the support team.", ("not", 0));
    let far = hit(4, "statement", "We ship on Fridays.", &[], Some(0.4));
    check(&[far, port()], "The server listens on 8081", ("nearly", 1));
    check(&[], "Anything.", ("not", 0));
    // The same words may say something else.
    let said = |name: &str| [hit(5, "statement", name, &[], Some(0.99))];
    for (before, now) in [
        ("Anna reports to Bob.", "Bob reports to Anna."),
        ("I am the team lead.", "I was the team lead."),
        ("We moved from Oslo to Rome.", "We moved from Rome to Oslo."),
        ("I had a dog.", "I have a dog."),
        (
            "The report is for the board.",
            "The report is from the board.",
        ),
        ("We use C++.", "We use C#."),
        ("The offset is 5.", "The offset is -5."),
    ] {
        check(&said(before), now, ("nearly", 5));
    }
    check(&said("We use C++."), "we use c++", ("already", 5));
    let told = || [hit(6, "person", "Anna", &["reports to Bob"], Some(0.9))];
    check(&told(), "Anna reports to Bob.", ("already", 6));
    check(&told(), "Bob reports to Anna.", ("not", 0));
    // Without vectors words decide.
    let mut unknown = port();
    unknown.similarity = None;
    check(
        std::slice::from_ref(&unknown),
        "The server listens on port 8081",
        ("nearly", 1),
    );
    check(&[unknown], "Servers like tips.", ("not", 0));
}

#[test]
fn a_correction_is_told_from_what_is_said_of_another() {
    // With the cosines that the model gives them.
    let check = |one: &str, other: &str, cosine: f32, expected: bool| {
        assert_eq!(
            are_alike(one, other, Some(cosine)),
            expected,
            "{one} {other}"
        );
        assert_eq!(
            are_alike(other, one, Some(cosine)),
            expected,
            "{other} {one}"
        );
    };
    check(
        "My favourite colour is blue.",
        "My favourite colour is red.",
        0.837,
        true,
    );
    check("We ship on Fridays.", "We ship on Mondays.", 0.861, true);
    check(
        "Always answer in German.",
        "Always answer in English.",
        0.794,
        true,
    );
    check(
        "Our fiscal year starts in April.",
        "The fiscal year begins in April.",
        0.95,
        true,
    );
    check(
        "Our office is in Oslo.",
        "The office is located in Oslo.",
        0.874,
        true,
    );
    check(
        "Room 1 has a projector.",
        "Room 2 has a projector.",
        0.936,
        false,
    );
    check(
        "Region North sold 500 units.",
        "Region South sold 700 units.",
        0.817,
        false,
    );
    check(
        "Customer Acme renewed for 3 years.",
        "Customer Apex renewed for 2 years.",
        0.701,
        false,
    );
    check(
        "My birthday is 3 May.",
        "My wedding day is 3 May.",
        0.765,
        false,
    );
    check(
        "We use Postgres for orders.",
        "We use Redis for sessions.",
        0.439,
        false,
    );
}
