//! Snapshots: files from anybody, which lead to what the members have voted final or to nothing.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use bouya_core::codec::{decode, encode};
use bouya_core::ledger::Genesis;
use bouya_core::ledger::snapshot::{Loader, NoSnapshot, Piece, Row, make};
use bouya_core::testing::members::changed_thrice;
use bouya_core::testing::network_of_members;

use crate::tame;

/// The one state that the members' keys have voted final.
struct Known {
    genesis: Arc<Genesis>,
    pieces: Vec<Vec<u8>>,
    rows: Vec<Row>,
}

fn known() -> &'static Known {
    static KNOWN: OnceLock<Known> = OnceLock::new();
    KNOWN.get_or_init(|| {
        let genesis = network_of_members("fuzz");
        let node = changed_thrice(genesis.clone());
        let all = node.world().rows().iter().map(|(key, row)| (encode(key), row.clone()));
        let all: BTreeMap<_, _> = all.collect();
        let (mut pieces, mut rows) = (vec![], vec![]);
        let mut give = |piece: Piece| {
            pieces.push(encode(&piece));
            if let Piece::Rows(more) = piece {
                rows.extend(more);
            }
            Ok::<_, NoSnapshot>(())
        };
        make(node.world(), all.into_iter().map(Ok), &mut give).unwrap();
        Known { genesis, pieces, rows }
    })
}

pub(crate) fn snapshot_seeds() -> Vec<Vec<u8>> {
    let pieces = known().pieces.iter();
    let framed: Vec<Vec<u8>> = pieces
        .map(|piece| [&u32::try_from(piece.len()).unwrap().to_be_bytes()[..], piece].concat())
        .collect();
    let short = framed.iter().take(3).flatten().copied().collect();
    vec![framed.concat(), short]
}

/// Pieces, each behind its length.
pub fn snapshot(data: &[u8]) {
    let Known { genesis, rows: expected, .. } = known();
    let (mut loader, mut rows) = (Loader::new(genesis.clone()), vec![]);
    let mut rest = data;
    while let Some((length, more)) = rest.split_first_chunk() {
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap().min(more.len());
        let (bytes, more) = more.split_at(length);
        rest = more;
        let Ok(piece) = decode::<Piece>(bytes, "piece") else { return };
        assert_eq!(encode(&piece), bytes, "two encodings");
        match loader.take(piece) {
            Ok(part) => rows.extend(part.rows),
            Err(error) => return tame(&error),
        }
    }
    match loader.finish() {
        // Another quorum's certificate of the same block would be as good; nobody here has the keys.
        Ok(_) => assert_eq!(rows, *expected),
        Err(error) => tame(&error),
    }
}
