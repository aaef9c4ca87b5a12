//! Dialing: addresses, TCP, TLS for one id. Every outcome is one event: `Up` or `DialFailed`.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use bouya_core::id::NodeId;
use bouya_core::limits::DIAL_ADDRESSES;
use bouya_core::overlay::{DialError, Input};
use bouya_core::wire::Endpoint;
use rustls::pki_types::ServerName;
use tokio::net::{TcpStream, lookup_host};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::{TlsConnector, TlsStream};

use super::connection::{self, Origin};
use super::tls::{Session, explain, verified};
use super::{NetEvent, Shared, tune};

/// Opens a connection to `id` at `endpoint`; `local` says whether that may be this machine. The task lives as long as the connection.
pub fn spawn(shared: Shared, id: NodeId, endpoint: Endpoint, local: bool) -> JoinHandle<()> {
    tokio::spawn(async move {
        match dial(&shared, &id, &endpoint, local).await {
            Ok((stream, session, opened)) => {
                connection::start(shared, stream, session, opened, Origin::Dialed(endpoint)).await;
            }
            Err(why) => {
                // Without a hub there is nobody to tell.
                let _ = shared.hub.send(NetEvent::Input(Input::DialFailed { id, endpoint, why })).await;
            }
        }
    })
}

async fn dial(
    shared: &Shared,
    id: &NodeId,
    endpoint: &Endpoint,
    local: bool,
) -> Result<(TlsStream<TcpStream>, Session, Instant), DialError> {
    let stream = connect(shared, endpoint, local).await.map_err(DialError::Unreachable)?;
    tune(&stream);
    let opened = Instant::now();
    let name = ServerName::try_from(id.as_str().to_owned())
        .map_err(|_| DialError::Handshake(format!("{id} cannot be a TLS server name")))?;
    let connector = TlsConnector::from(shared.tls.client_config());
    let handshake = timeout_at(opened + shared.deadlines.tls, connector.connect(name, stream)).await;
    let stream = handshake
        .map_err(|_| DialError::Handshake(format!("{endpoint} took too long over TLS")))?
        .map_err(|error| failed(&error, id, endpoint))?;
    let stream = TlsStream::Client(stream);
    match verified(&shared.tls, &stream, Some(id)) {
        Ok(session) => Ok((stream, session, opened)),
        Err(refusal) => {
            let why = refusal.to_string();
            let deadlines = shared.deadlines;
            let words = why.clone();
            tokio::spawn(async move { connection::turn_away(stream, &words, &deadlines).await });
            Err(DialError::Certificate(format!("{id} at {endpoint}: {why}")))
        }
    }
}

/// TCP to the first address that answers.
async fn connect(shared: &Shared, endpoint: &Endpoint, local: bool) -> Result<TcpStream, String> {
    let limit = shared.deadlines.connect;
    let found = timeout(limit, lookup_host((endpoint.host.as_str(), endpoint.port))).await;
    let addresses: Vec<SocketAddr> = found
        .map_err(|_| format!("no answer from the name service for {}", endpoint.host))?
        .map_err(|error| format!("no address for {}: {error}", endpoint.host))?
        .take(DIAL_ADDRESSES)
        .collect();
    let mut failures = Vec::new();
    for address in addresses {
        if !may_connect(address.ip(), local) {
            failures.push(format!("{address}: not an address of another machine"));
            continue;
        }
        let why = match timeout(limit, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => {
                "nothing listens there".to_owned()
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => "no answer".to_owned(),
        };
        failures.push(format!("{address}: {why}"));
    }
    Err(if failures.is_empty() { format!("{} has no address", endpoint.host) } else { failures.join("; ") })
}

/// Whether what a name has turned out to be may be connected to. The overlay judges addresses; names only show here what they are.
fn may_connect(address: IpAddr, local: bool) -> bool {
    let address = address.to_canonical();
    // To "any address" a connect goes to this machine.
    let nowhere =
        address.is_unspecified() || address.is_multicast() || address == IpAddr::V4(Ipv4Addr::BROADCAST);
    !nowhere && (local || !address.is_loopback())
}

fn failed(error: &io::Error, id: &NodeId, endpoint: &Endpoint) -> DialError {
    let Some(tls) = explain::tls_error(error) else {
        return DialError::Handshake(format!("{endpoint} broke off TLS: {error}"));
    };
    if let Some(verdict) = explain::verdict(tls) {
        return DialError::Certificate(format!("{id} at {endpoint}: {verdict}"));
    }
    if let Some(refused) = explain::refused(tls) {
        return DialError::Certificate(format!("{id} at {endpoint}: {refused}"));
    }
    DialError::Handshake(match tls {
        rustls::Error::InvalidMessage(_) => {
            format!("{endpoint} does not speak TLS; is it the peer's p2p port?")
        }
        other => format!("{endpoint}: {other}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_does_not_lead_to_this_machine_unless_that_is_meant() {
        let judge = |text: &str, local| may_connect(text.parse().unwrap(), local);
        for local in ["127.0.0.1", "127.0.1.1", "::1", "::ffff:127.0.0.1"] {
            assert!(!judge(local, false) && judge(local, true), "{local}");
        }
        for nowhere in ["0.0.0.0", "::", "224.0.0.1", "ff02::1", "255.255.255.255", "::ffff:0.0.0.0"] {
            assert!(!judge(nowhere, false) && !judge(nowhere, true), "{nowhere}");
        }
        for good in ["10.0.0.5", "192.168.1.1", "fd00::5", "8.8.8.8"] {
            assert!(judge(good, false), "{good}");
        }
    }
}
