//! The overlay as it starts: what the settings say, and the address book that the last run has left.

use bouya_core::codec::decode;
use bouya_core::overlay::{Book, Overlay, OverlaySettings};

use crate::clock::{self, Clock};
use crate::config::Settings;
use crate::net::tls::Tls;
use crate::net::{self, network};
use crate::store::Reader;

pub(super) fn overlay(settings: &Settings, tls: &Tls, reader: &Reader, clock: Clock) -> Overlay {
    let saved = reader.kept(network::BOOK).ok().flatten();
    let book: Book = saved.and_then(|bytes| decode(&bytes, "book").ok()).unwrap_or_default();
    let mut random = [0; 16];
    // Without randomness all instances of a node look alike, which only delays the detection of a twin.
    let _ = getrandom::fill(&mut random);
    let [seed, instance @ ..] = random.as_chunks::<8>().0 else { unreachable!("16 bytes are two chunks") };
    let settings = OverlaySettings {
        id: tls.id(),
        genesis: settings.network.genesis.clone(),
        agent: net::AGENT.to_owned(),
        instance: data_encoding::HEXLOWER.encode(&instance.concat()),
        advertise: settings.p2p.advertise.clone(),
        bootstrap: settings.p2p.bootstrap.iter().map(|b| (b.id.clone(), b.endpoint.clone())).collect(),
        blacklist: settings.p2p.blacklist.clone(),
        max_connected: settings.p2p.max_peers,
        book,
        seed: u64::from_le_bytes(*seed),
    };
    Overlay::new(settings, clock.now(), clock::wall())
}
