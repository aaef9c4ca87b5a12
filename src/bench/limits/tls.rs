//! TLS alone: two ends in memory, with certificates and checks as between nodes.

use std::io::{self, Read, Write};
use std::time::Duration;

use bouya_harness::{Consortium, Member, TempFolder};
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, ServerConnection};

use super::rate;
use crate::bench::BenchError;
use crate::devnet;
use crate::net::crl::Revocations;
use crate::net::tls::{IdentityFiles, Tls};

const PIECE: usize = 16 * 1024;

/// Handshakes, and bytes encrypted and decrypted again, per second.
pub(super) fn measure(folder: &TempFolder, effort: Duration) -> Result<(f64, f64), BenchError> {
    let [server, client] = identities(folder)?;
    let mut failed = None;
    let mut shake = || {
        let shaken = handshake(&server, &client);
        usize::from(shaken.map_err(|error| failed = Some(error)).is_ok())
    };
    let handshakes = rate(effort, &mut shake);
    let (mut server, mut client) = handshake(&server, &client).map_err(wrong)?;
    let (piece, mut wire, mut read) = ([7; PIECE], Vec::new(), [0; PIECE]);
    let mut pass = || -> io::Result<()> {
        client.writer().write_all(&piece)?;
        wire.clear();
        while client.wants_write() {
            client.write_tls(&mut wire)?;
        }
        take(&mut server, &wire)?;
        server.reader().read_exact(&mut read)
    };
    let bytes = rate(effort, || {
        let passed = pass();
        if passed.map_err(|error| failed = Some(error)).is_ok() { PIECE } else { 0 }
    });
    failed.map_or(Ok((handshakes, bytes)), |error| Err(wrong(error)))
}

fn wrong(error: io::Error) -> BenchError {
    BenchError::system("TLS", error)
}

/// The TLS of nodes 0 and 1.
pub(in crate::bench) fn identities(folder: &TempFolder) -> Result<[Tls; 2], BenchError> {
    let consortium = Consortium::open(folder.path(), "bench")?;
    let identity = |number| {
        let Member { id, dir } = consortium.admit(&devnet::name(number), "")?;
        let files = IdentityFiles {
            ca: dir.join("ca.crt"),
            certificate: dir.join(format!("{id}.crt")),
            key: dir.join(format!("{id}.key")),
            crls: vec![dir.join("ca.crl")],
            refuse_overdue: false,
        };
        Tls::open(files, Revocations::default()).map_err(|error| BenchError::system("TLS", error))
    };
    Ok([identity(0)?, identity(1)?])
}

fn handshake(server: &Tls, client: &Tls) -> io::Result<(ServerConnection, ClientConnection)> {
    let name = ServerName::try_from(devnet::name(0)).map_err(io::Error::other)?;
    let mut client = ClientConnection::new(client.client_config(), name).map_err(io::Error::other)?;
    let mut server = ServerConnection::new(server.server_config()).map_err(io::Error::other)?;
    let mut wire = Vec::new();
    while client.is_handshaking() || server.is_handshaking() {
        wire.clear();
        while client.wants_write() {
            client.write_tls(&mut wire)?;
        }
        take(&mut server, &wire)?;
        wire.clear();
        while server.wants_write() {
            server.write_tls(&mut wire)?;
        }
        take(&mut client, &wire)?;
    }
    Ok((server, client))
}

fn take<S>(
    to: &mut impl std::ops::DerefMut<Target = rustls::ConnectionCommon<S>>,
    mut wire: &[u8],
) -> io::Result<()>
where
    S: rustls::SideData,
{
    while !wire.is_empty() {
        to.read_tls(&mut wire)?;
        to.process_new_packets().map_err(io::Error::other)?;
    }
    Ok(())
}
