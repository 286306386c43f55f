//! Usage: exact sums by day, agent and model.

use caxton_memory::{NewUsage, TurnEnd, Usage, today};
use serde_json::json;

use crate::place;
use crate::turns::{new_conversation, turn};

fn used(day: u32, agent: &str, tokens: u64, cost_pusd: Option<u64>) -> NewUsage {
    NewUsage {
        day,
        agent: agent.to_owned(),
        model: "mistral/large".to_owned(),
        input_tokens: tokens,
        cached_input_tokens: tokens / 2,
        output_tokens: tokens * 2,
        cost_pusd,
    }
}

fn sum(day: u32, agent: &str, completions: u64, tokens: u64, cost: u64, unpriced: u64) -> Usage {
    Usage {
        day,
        agent: agent.to_owned(),
        model: "mistral/large".to_owned(),
        completions,
        input_tokens: tokens,
        cached_input_tokens: tokens / 2,
        output_tokens: tokens * 2,
        cost_pusd: cost,
        unpriced,
    }
}

#[tokio::test]
async fn completions_add_up_by_day_and_agent() {
    let place = place();
    let store = &place.store;
    // A cost that no float could hold.
    let odd = 9_007_199_254_740_993;
    store
        .add_usage(vec![
            used(2, "b", 10, Some(1)),
            used(2, "a", 10, Some(odd)),
            used(2, "a", 20, None),
            used(1, "b", 2, Some(0)),
            used(2, "a", 4, Some(1)),
        ])
        .await
        .unwrap();
    let all = [
        sum(1, "b", 1, 2, 0, 0),
        sum(2, "a", 3, 34, odd + 1, 1),
        sum(2, "b", 1, 10, 1, 0),
    ];
    let check = async |from: u32, to: u32, expected: &[Usage]| {
        assert_eq!(store.usage(from, to).await.unwrap(), expected);
    };
    check(0, u32::MAX, &all).await;
    check(1, 1, &all[..1]).await;
    check(2, 3, &all[1..]).await;
    check(3, 9, &[]).await;
    check(2, 1, &[]).await;
}

#[tokio::test]
async fn sums_stop_at_the_largest_number() {
    let place = place();
    let store = &place.store;
    let most = i64::MAX.unsigned_abs();
    for cost in [u64::MAX, 1, most - 1, u64::MAX, 0] {
        let mut new = used(1, "a", 0, Some(cost));
        new.input_tokens = cost;
        store.add_usage(vec![new]).await.unwrap();
        let found = &store.usage(1, 1).await.unwrap()[0];
        assert_eq!((found.cost_pusd, found.input_tokens), (most, most));
    }
}

#[tokio::test]
async fn a_turn_settles_with_its_checkpoints_or_not_at_all() {
    let place = place();
    let store = &place.store;
    let started = store
        .start_turn(turn(new_conversation(), None))
        .await
        .unwrap();
    let day = today();
    let some = || vec![used(day, "a", 10, Some(7))];
    let state = json!({});
    store
        .checkpoint_turn(&started.id, &state, vec![], some())
        .await
        .unwrap();
    store
        .finish_turn(&started.id, TurnEnd::Done, &state, vec![], some())
        .await
        .unwrap();
    store
        .finish_turn(&started.id, TurnEnd::Done, &state, vec![], some())
        .await
        .unwrap_err();
    assert_eq!(
        store.usage(day, day).await.unwrap(),
        [sum(day, "a", 2, 20, 14, 0)]
    );
}
