use proptest::prelude::*;

use super::*;

fn numbered(height: u64) -> Event {
    Event::Block { height, hash: Hash::ZERO, transactions: 0, miner: PublicKey([9; 32]), member: None }
}

/// Sends `count` events. Each carries its number.
fn tell(events: &Events, told: &mut u64, count: u64) {
    for _ in 0..count {
        *told += 1;
        events.tell(numbered(*told));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// However slow a listener is, and however often it is away: it gets each event once and in order, or learns how many it missed.
    #[test]
    fn every_event_is_heard_or_counted_as_missed(steps in prop::collection::vec((0..1_500_u64, 0..1_500_usize, any::<bool>()), 1..12)) {
        let (events, mut told) = (Events::default(), 0);
        let mut listener = events.listen();
        let (mut reached, mut last) = (0, None);
        for (count, reads, goes) in steps {
            tell(&events, &mut told, count);
            for heard in std::iter::from_fn(|| listener.now()).take(reads) {
                match heard {
                    Heard::Event(id, Event::Block { height, .. }) => {
                        reached += 1;
                        prop_assert_eq!((id.number, height), (reached, reached));
                        last = Some(id);
                    }
                    Heard::Lagged(id, Some(missed)) => {
                        reached += missed;
                        prop_assert_eq!(id.number, reached);
                        prop_assert_eq!(reached + EVENTS_KEPT as u64, told, "no more are given up than must be");
                        last = Some(id);
                    }
                    other => prop_assert!(false, "{:?}", other),
                }
            }
            if goes && last.is_some() {
                listener = events.resume(last);
            }
        }
        reached += std::iter::from_fn(|| listener.now()).fold(0, |sum, heard| match heard {
            Heard::Event(..) => sum + 1,
            Heard::Lagged(_, missed) => sum + missed.unwrap(),
        });
        prop_assert_eq!(reached, told);
    }
}

#[test]
fn an_id_of_another_process_or_of_the_future_says_that_nobody_knows_what_was_missed() {
    let (events, mut told) = (Events::default(), 0);
    tell(&events, &mut told, 3);
    let mut listener = events.resume(None);
    let Some(Heard::Lagged(own, None)) = listener.now() else { panic!("it is not told") };
    assert_eq!(own.number, 3, "from where it goes on");
    assert!(listener.now().is_none(), "it is told once, and nothing of before");
    let before = Events::default();
    assert_ne!(own.instance, before.kept.instance, "each process has its own name");
    for strange in [EventId { instance: !own.instance, number: 2 }, EventId { number: 4, ..own }] {
        let mut listener = events.resume(Some(strange));
        let heard = listener.now();
        assert!(matches!(heard, Some(Heard::Lagged(id, None)) if id == own), "{strange}: {heard:?}");
    }
}

#[test]
fn what_was_passed_over_is_never_counted_as_a_number() {
    let (events, mut told) = (Events::default(), 0);
    let mut slow = events.listen();
    let mut listener = events.listen();
    tell(&events, &mut told, 1);
    events.pass_over();
    tell(&events, &mut told, 1);
    assert!(matches!(listener.now(), Some(Heard::Event(id, _)) if id.number == 1));
    assert!(matches!(listener.now(), Some(Heard::Lagged(id, None)) if id.number == 2));
    assert!(matches!(listener.now(), Some(Heard::Event(id, _)) if id.number == 3));
    // The entry itself leaves: who has not read it still learns that nobody counted.
    tell(&events, &mut told, EVENTS_KEPT as u64 - 1);
    assert!(matches!(slow.now(), Some(Heard::Lagged(id, None)) if id.number == 2));
    tell(&events, &mut told, 5);
    assert!(
        matches!(listener.now(), Some(Heard::Lagged(_, Some(4)))),
        "those that come after it are counted"
    );
}

#[test]
fn an_id_is_read_as_it_is_written() {
    let id = EventId { instance: 0x2a, number: 7 };
    assert_eq!(id.to_string(), "000000000000002a-7");
    assert_eq!("000000000000002a-7".parse(), Ok(id));
    for text in [
        "",
        "7",
        "2a-7",
        "000000000000002a-",
        "000000000000002a-+7",
        "000000000000002a-07",
        "000000000000002A-7",
    ] {
        assert_eq!(text.parse::<EventId>(), Err(NoEventId), "{text}");
    }
}

#[tokio::test]
async fn who_waits_is_woken_and_what_was_told_last_is_heard() {
    let events = Events::default();
    let mut listener = events.listen();
    let waits = tokio::spawn(async move {
        let mut heights = Vec::new();
        while let Some(heard) = listener.next().await {
            if let Heard::Event(_, Event::Block { height, .. }) = heard {
                heights.push(height);
            }
        }
        heights
    });
    for height in 1..=3 {
        tokio::task::yield_now().await;
        events.tell(numbered(height));
    }
    drop(events);
    assert_eq!(waits.await.unwrap(), [1, 2, 3]);
}
