//! What of messages is worth remembering.

use super::*;

fn check(message: &str, expected: &[&str]) {
    assert_eq!(facts(message), expected, "{message}");
}

#[test]
fn what_somebody_tells_is_kept() {
    check(
        "My name is Anna and I lead the sales team.",
        &["My name is Anna and I lead the sales team."],
    );
    check("Hi, I'm Anna.", &["I'm Anna."]);
    check("Hello there, I'm Anna.", &["I'm Anna."]);
    check("hello! i live in Oslo", &["I live in Oslo"]);
    check(
        "Our fiscal year starts in April. Thanks!",
        &["Our fiscal year starts in April."],
    );
    check(
        "The deploy key rotates on Fridays.",
        &["The deploy key rotates on Fridays."],
    );
    check(
        "This project uses Rust 1.95.",
        &["This project uses Rust 1.95."],
    );
    check(
        "Dr. Smith joined in 2019. He is tall.",
        &["Dr. Smith joined in 2019."],
    );
    check(
        "Ich heiße Jürgen und wohne in Köln.",
        &["Ich heiße Jürgen und wohne in Köln."],
    );
    check(
        "Je travaille chez Acme depuis 2020.",
        &["Je travaille chez Acme depuis 2020."],
    );
    check(
        "私はベルリンに住んでいます。",
        &["私はベルリンに住んでいます。"],
    );
    check(
        "- Refunds take 14 days.\n- Support closes at 18:00.",
        &["Refunds take 14 days.", "Support closes at 18:00."],
    );
    check(
        "By the way, we ship to Norway only.",
        &["We ship to Norway only."],
    );
}

#[test]
fn what_is_to_be_remembered_is_kept() {
    check(
        "Remember that the office closes at noon on Fridays",
        &["The office closes at noon on Fridays"],
    );
    check(
        "Please remember: port 8080 is taken.",
        &["Port 8080 is taken."],
    );
    check("remember the milk delivery", &["The milk delivery"]);
    check("Always answer in German.", &["Always answer in German."]);
    check(
        "You should never use emojis.",
        &["You should never use emojis."],
    );
    check("Do you remember my name?", &[]);
    check("Remember when we spoke?", &[]);
}

#[test]
fn what_is_to_hold_for_ever_and_what_somebody_is_called_is_kept() {
    for message in [
        "Call me Bob.",
        "Just call me Al, thanks!",
        "You can call me Dr. Lee.",
        "Call me Mary Ann from now on",
        "Call me Bob, not Robert.",
        "Nenn mich Jürgen.",
        "Always use metric units",
        "From now on, answer in French.",
        "You must always cite your sources.",
        "Never deploy on Fridays.",
        "Immer auf Deutsch antworten.",
        "I never eat meat.",
        "We always ship on Mondays.",
        "My wife is called Laura",
        "I'm allergic to peanuts",
        "We just moved to Lisbon.",
        "This project never runs on Windows.",
        "Our standup is always at 9:30.",
    ] {
        check(message, &[message]);
    }
    check("Please call me Bob", &["Call me Bob"]);
    check("Hi, call me Bob, please!", &["Call me Bob, please!"]);
    check(
        "please always answer in German",
        &["Always answer in German"],
    );
    check(
        "Unfortunately, we don't ship to Canada.",
        &["We don't ship to Canada."],
    );
}

#[test]
fn a_fact_is_one_line_that_can_be_kept() {
    check("Our office\tis  in\u{7} Oslo.", &["Our office is in Oslo."]);
    // 300 signs of four bytes each are more than a name may have.
    let signs = |count| format!("我说{}。", "𠮷".repeat(count));
    check(&signs(280), &[]);
    check(&signs(100), &[&signs(100)]);
}

#[test]
fn a_question_may_carry_a_fact() {
    check(
        "I'm a vegetarian, what should I cook?",
        &["I'm a vegetarian"],
    );
    check(
        "My budget is 500 euros, which one do you suggest?",
        &["My budget is 500 euros"],
    );
    check("For the North region, which product sells best?", &[]);
    check("Given my budget, what do you suggest?", &[]);
}

#[test]
fn chaff_is_not_kept() {
    for message in [
        "",
        "Hello!",
        "hi there",
        "Good morning",
        "Guten Tag!",
        "Thanks",
        "Thank you very much!",
        "ok",
        "OK, got it.",
        "yes please",
        "Sounds good.",
        "No problem.",
        "lol",
        "Which region sells most?",
        "what is the total revenue",
        "Draw a bar chart of revenue by region.",
        "Please summarise data/sales.csv.",
        "Can you help me",
        "Zeig mir den Umsatz nach Region.",
        "Montre les ventes par région.",
        "sales by region 2024",
        "Q3 revenue",
        "I want to plot sales by region.",
        "I need a report on churn.",
        "I have a question about invoices.",
        "I don't understand the chart.",
        "I'm fine.",
        "I think so.",
        "That is wrong.",
        "It's the third column.",
        "This doesn't work.",
        "They were late again.",
        "You are wrong about that.",
        "The chart is wrong.",
        "I got an error when I ran the script.",
        "Berlin.",
        "42",
        "Never mind.",
        "Never mind, I found it.",
        "It never worked.",
        "He always says that.",
        "They always do this to us.",
        "You never listen to me.",
        "You always get this wrong.",
        "That never happens here.",
        "This always happens to me.",
        "Never seen that before.",
        "Never had that problem.",
        "I never said that.",
        "I always forget how this goes.",
        "I still don't get it.",
        "I really need this by Friday.",
        "I just want a table.",
        "It just never ends.",
        "Honestly, it never worked.",
        "Maybe we can try on Monday.",
        "Call me tomorrow.",
        "Call me back",
        "Please call me later.",
        "Call me Monday.",
        "Call me Back when you can.",
        "Call me when it is done.",
        "Call me at 5 pm.",
        "Call me crazy, but I like it.",
        "Should I call you Bob?",
        "Could you call me Bob?",
        "Use a bar chart.",
    ] {
        check(message, &[]);
    }
}

#[test]
fn what_programs_print_is_not_kept() {
    check(
        "region,month,units\nNorth,2026-01,120\nSouth,2026-01,80",
        &[],
    );
    check("| a | b |\n|---|---|\n| 1 | 2 |", &[]);
    check("```\nThe answer is 42.\n```", &[]);
    check("> Our office is in Oslo.", &[]);
    check("{\"name\": \"Anna\", \"age\": 42}", &[]);
    check("thread 'main' panicked at src/main.rs:3:5.", &[]);
    check(
        "Traceback (most recent call last):\n    File \"x.py\", line 1",
        &[],
    );
    check(
        "2026-11-21T10:00:00Z ERROR the server failed to start.",
        &[],
    );
    check("    let x = 5; // It is what the code says.", &[]);
    check(&"Our office is in Oslo. ".repeat(400), &[]);
}

#[test]
fn credentials_are_not_kept() {
    check("My password is hunter2.", &[]);
    check("My pass\u{200b}word is hunter2.", &[]);
    check("Our db url is postgres://root:hunter2@db/prod.", &[]);
    check("Our PIN is 4711 for the vault.", &[]);
    check("I always use the passw0rd hunter2.", &[]);
    check(
        "Our wiki is at https://wiki.example.com/@team today.",
        &["Our wiki is at https://wiki.example.com/@team today."],
    );
    check(
        "Our fan keeps spinning at 900 rpm.",
        &["Our fan keeps spinning at 900 rpm."],
    );
    check("Remember that my API key is abc123.", &[]);
    check("We use sk-proj-abcdef123456 for tests.", &[]);
    check("The token is AbCdEfGh1234567890XyZ.", &[]);
    check("Mein Passwort ist geheim.", &[]);
    check("My card number is 4111 1111 1111 1111.", &[]);
    check(
        "The commit is 3f2a9c1b5d7e8f0a1b2c3d4e5f6a7b8c9d0e1f2a.",
        &[],
    );
}

#[test]
fn facts_are_few_and_each_is_told_once() {
    check(
        "We ship on Fridays. We ship on Fridays.",
        &["We ship on Fridays."],
    );
    let many: String = (0..20)
        .map(|n| format!("Room {n} has a projector. "))
        .collect();
    assert_eq!(facts(&many).len(), FACTS_MAX);
    let long = format!("Our office {} is in Oslo.", "very ".repeat(80));
    check(&long, &[]);
}

#[test]
fn a_line_of_full_stops_is_read_once() {
    // Were each of them looked at with all before it, this would take minutes.
    check(&". ".repeat(MESSAGE_BYTES_MAX / 2), &[]);
    check(&".".repeat(MESSAGE_BYTES_MAX), &[]);
}
