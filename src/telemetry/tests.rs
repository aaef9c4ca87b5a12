use std::io;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use bouya_core::limits::{LOG_BYTES_PER_PEER, LOG_BYTES_PER_PLACE, LOG_SPAN};
use tracing::subscriber::with_default;
use tracing::{Callsite, info, warn};
use tracing_subscriber::fmt::MakeWriter;

use super::limit::Said;
use super::{Log, build};

#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl io::Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Paper {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// What `talk` logs.
fn logged(json: bool, colour: bool, talk: impl FnOnce(&Log)) -> String {
    let paper = Paper::default();
    let (subscriber, log) = build("info", json, colour, paper.clone());
    with_default(subscriber, || talk(&log));
    let bytes = paper.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

fn storm(count: u32) {
    for n in 0..count {
        warn!(from = %format_args!("10.0.0.{}", n % 250), why = "TLS failed: not a handshake", "refused");
    }
}

#[test]
fn a_place_that_says_too_much_is_silenced_alone_and_its_silence_is_told() {
    for json in [false, true] {
        let text = logged(json, false, |log| {
            storm(100_000);
            info!("another place");
            log.tell_left_out();
            log.tell_left_out();
        });
        assert!(text.len() < LOG_BYTES_PER_PLACE + 4_096, "{} bytes", text.len());
        assert!(text.len() > LOG_BYTES_PER_PLACE / 3, "{} bytes: silenced long before", text.len());
        assert!(text.contains("another place"));
        let said = text.lines().filter(|line| line.contains("refused")).count();
        let told: Vec<_> = text.lines().filter(|line| line.contains("left out")).collect();
        assert_eq!(told.len(), 1, "told once: {told:?}");
        assert!(told[0].contains(&format!("{}", 100_000 - said)), "{} said, {told:?}", said);
        assert!(told[0].contains("bouya::telemetry::tests"), "{told:?}");
    }
}

#[test]
fn one_peer_does_not_use_up_the_lines_of_the_others() {
    let say = |peer: &str| info!(peer = %peer, why = "the connection was cut", "peer down");
    let text = logged(false, false, |_| {
        (0..10_000).for_each(|_| say("mallory"));
        say("bob");
    });
    assert!(text.len() <= LOG_BYTES_PER_PEER + 1_024, "{} bytes", text.len());
    assert!(text.lines().last().unwrap().contains("bob"));
    // Nor do ten thousand made-up peers.
    let text = logged(false, false, |_| (0..10_000).for_each(|n| say(&format!("m{n}"))));
    assert!(text.len() < LOG_BYTES_PER_PLACE, "{} bytes", text.len());
}

#[test]
fn an_hour_later_it_speaks_again() {
    struct Place;
    static PLACE: Place = Place;
    static META: tracing::Metadata<'static> = tracing::metadata! {
        name: "place", target: "test", level: tracing::Level::INFO, fields: &[], callsite: &PLACE,
        kind: tracing::metadata::Kind::EVENT
    };
    impl Callsite for Place {
        fn set_interest(&self, _: tracing::subscriber::Interest) {}
        fn metadata(&self) -> &tracing::Metadata<'_> {
            &META
        }
    }
    let now = Instant::now();
    let mut said = Said::new(now);
    assert!(said.take(now, &META, "", LOG_BYTES_PER_PLACE));
    assert!(!said.take(now + LOG_SPAN / 2, &META, "", 1));
    assert!(said.take(now + LOG_SPAN, &META, "", LOG_BYTES_PER_PLACE));
    assert!(!said.take(now + LOG_SPAN + LOG_SPAN / 2, &META, "", 1));
}

#[test]
fn foreign_text_neither_forges_lines_nor_moves_a_terminal() {
    let nasty = "a\u{1b}[2J\r\nINFO peer up peer=eve\u{7}\u{0}\u{9b}31m\u{7f}\u{8}\u{202e}\u{2028}z";
    for (json, colour) in [(false, false), (true, false), (false, true)] {
        let text = logged(json, colour, |_| {
            warn!(detail = nasty, shown = %nasty, list = ?[nasty], "goodbye");
            warn!("{nasty}");
        });
        assert_eq!(text.split('\n').count(), 3, "two lines, each with its end: {text:?}");
        let forbidden = |c: char| c.is_control() && c != '\n' && c != '\u{1b}';
        assert!(!text.contains(forbidden) && !text.contains('\u{202e}'), "{text:?}");
        assert!(!text.contains("\u{1b}[2J") && text.contains('\u{1b}') == colour, "{text:?}");
        if json {
            for line in text.lines() {
                let line: serde_json::Value = serde_json::from_str(line).unwrap();
                let field = line.get("detail").or(line.get("message")).unwrap();
                assert_eq!(field, nasty, "it is escaped, not lost");
            }
        }
    }
}
