//! What requests share: reads, questions, the bytes of answers, streams.

use std::io::{BufReader, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use bouya_core::limits::{API_ANSWERS_KIB, API_QUESTIONS, API_READS, API_STREAMS};
use serde_json::Value;

use super::super::limits::ask;
use super::client::Answer;
use super::harness::{Node, connect};
use crate::mempool::MempoolRequest;

const SHORT: Duration = Duration::from_millis(50);

#[test]
fn a_read_that_nobody_waits_for_still_counts() {
    let node = Node::start();
    let (begun, api) = (Arc::new(AtomicUsize::new(0)), node.api.clone());
    let mut held = Vec::new();
    let mut read = || {
        let (release, wait) = mpsc::channel::<()>();
        held.push(release);
        let (begun, api) = (begun.clone(), api.clone());
        async move {
            let reading = api.read(move |_| {
                begun.fetch_add(1, Ordering::SeqCst);
                let _ = wait.recv();
                Ok(())
            });
            // Its asker goes away.
            tokio::time::timeout(SHORT, reading).await.map(drop)
        }
    };
    for _ in 0..API_READS {
        assert!(node.runtime().block_on(read()).is_err());
    }
    node.wait("all are at work", || begun.load(Ordering::SeqCst) == API_READS);
    assert!(node.runtime().block_on(read()).is_err());
    assert_eq!(begun.load(Ordering::SeqCst), API_READS, "one more had to wait");
    drop(held);
    assert_eq!(node.json("/v1/blocks")["items"], Value::Array(Vec::new()));
}

#[test]
fn a_question_that_nobody_waits_for_still_counts() {
    let node = Node::start();
    let (deaf, mut inbox) = crate::actor::Mailbox::new("mempool", 64);
    let turns = &node.api.limits.mempool;
    let question = || ask(turns, &deaf, |reply| MempoolRequest::List { below: None, most: 1, reply });
    for _ in 0..2 * API_QUESTIONS {
        assert!(node.runtime().block_on(async { tokio::time::timeout(SHORT, question()).await }).is_err());
    }
    let waiting = std::iter::from_fn(|| inbox.try_next()).count();
    assert_eq!(waiting, API_QUESTIONS, "peers wait behind these and no more");
    // Those are dropped now: their turns are free.
    node.wait("turns are free", || turns.available_permits() == API_QUESTIONS);
}

#[test]
fn answers_that_are_not_read_are_bounded_in_bytes() {
    let node = Node::start();
    let kind = "application/octet-stream";
    let half = API_ANSWERS_KIB / 2 * 1_024;
    let first = node.api.answer(kind, vec![0; half]).unwrap();
    let second = node.api.answer(kind, vec![0; half]).unwrap();
    assert!(node.api.answer(kind, vec![0; 64 * 1_024 + 1]).is_err(), "no room");
    assert!(node.api.answer(kind, vec![0; 64 * 1_024]).is_ok(), "a small one needs none");
    drop(first);
    assert!(node.api.answer(kind, vec![0; half]).is_ok());
    // The bytes hold the room, wherever they are on their way out.
    let bytes = node.runtime().block_on(axum::body::to_bytes(second.into_body(), half)).unwrap();
    assert_eq!(node.api.limits.answers.available_permits(), API_ANSWERS_KIB / 2);
    drop(bytes);
    assert_eq!(node.api.limits.answers.available_permits(), API_ANSWERS_KIB);
}

#[test]
fn streams_are_bounded_and_leave_room_for_others() {
    let node = Node::start();
    let listen = || {
        let mut stream = connect(node.address);
        stream.write_all(b"GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        stream
    };
    let mut held = Vec::new();
    for _ in 0..API_STREAMS {
        let mut stream = BufReader::new(listen());
        assert_eq!(Answer::read_head(&mut stream).status, 200);
        held.push(stream);
    }
    // Of a stream that is let in after all the end never comes.
    let answer = Answer::read_head(&mut BufReader::new(listen()));
    assert_eq!((answer.status, answer.find("retry-after")), (503, Some("1")));
    assert_eq!(node.get("/v1/status").status, 200);
    held.pop();
    let mut one = || Answer::read_head(&mut BufReader::new(listen())).status == 200;
    node.wait("a place is free", &mut one);
}

#[test]
fn a_page_ends_early_where_much_had_to_be_read() {
    let mut node = Node::start();
    // Sizes of two blocks: a page ends with the block that goes over.
    let payee = bouya_core::testing::address(2);
    for nonce in 0..6 {
        node.pay(1, nonce, 2, 5);
        node.mine();
    }
    let size = node.json("/v1/blocks/1")["size"].as_u64().unwrap() as usize;
    node.api.limits.page_bytes = 2 * size;
    node.address = node.serve_also(|_| ());
    for (path, count) in [("/v1/blocks".to_owned(), 6), (format!("/v1/accounts/{payee}/transactions"), 6)] {
        let (mut pages, mut heights, mut from) = (0, Vec::new(), String::new());
        loop {
            let page = node.json(&format!("{path}?limit=100{from}"));
            let items = page["items"].as_array().unwrap();
            assert!(items.len() <= 3, "{path}: {} of a page", items.len());
            heights.extend(items.iter().map(|item| item["height"].as_u64().unwrap()));
            pages += 1;
            match page["next"].as_str() {
                Some(next) => from = format!("&from={next}"),
                None => break,
            }
        }
        assert!(pages > 1, "{path}");
        assert_eq!(
            heights,
            (1..=count).rev().collect::<Vec<u64>>(),
            "{path}: nothing twice, nothing missing"
        );
    }
}
