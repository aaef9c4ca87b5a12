//! A port reserved for a daemon. The crate's header says why.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use socket2::{Domain, Protocol, Socket, Type};

use crate::Error;

/// A port on an address of this machine. It is reserved while this value lives.
pub struct Port {
    address: SocketAddr,
    _bound: Option<Socket>,
}

impl Port {
    /// Reserves a free port.
    pub fn reserve(ip: impl Into<IpAddr>) -> Result<Self, Error> {
        Self::reserve_at((ip.into(), 0))
    }

    /// Reserves this port, if it is free; port 0 stands for any.
    pub fn reserve_at(wanted: impl Into<SocketAddr>) -> Result<Self, Error> {
        let wanted = wanted.into();
        let bind = || {
            let socket = Socket::new(Domain::for_address(wanted), Type::STREAM, Some(Protocol::TCP))?;
            // Bound without sharing at first, so that no other socket has the port. Later sockets may share it.
            socket.bind(&wanted.into())?;
            socket.set_reuse_address(true)?;
            let address = socket.local_addr()?.as_socket();
            Ok((socket, address.ok_or(std::io::ErrorKind::AddrNotAvailable)?))
        };
        let (bound, address) = bind().map_err(Error::Port)?;
        // On other systems nothing can listen while this socket is bound. There it is closed, and the port is only likely to stay free.
        Ok(Self { address, _bound: cfg!(target_os = "linux").then_some(bound) })
    }

    /// Address and port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The port.
    pub fn number(&self) -> u16 {
        self.address.port()
    }
}

impl fmt::Debug for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address.fmt(f)
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::io::ErrorKind;
    use std::net::{Ipv4Addr, TcpListener, TcpStream};

    use super::*;

    /// Listens as the daemon does.
    fn listen(port: &Port) -> std::io::Result<TcpListener> {
        TcpListener::bind(port.address())
    }

    #[test]
    fn a_reserved_port_is_for_one_listener_after_the_other() {
        let port = Port::reserve(Ipv4Addr::LOCALHOST).unwrap();
        let refused = TcpStream::connect(port.address()).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused, "nobody listens yet");
        for _ in 0..2 {
            let listener = listen(&port).unwrap();
            assert_eq!(listen(&port).unwrap_err().kind(), ErrorKind::AddrInUse, "one at a time");
            let dialer = TcpStream::connect(port.address()).unwrap();
            let accepted = listener.accept().unwrap();
            // This end closes first, so that it stays in TIME_WAIT.
            drop(accepted);
            drop(dialer);
        }
    }

    #[test]
    fn a_reserved_port_is_given_to_nobody_else() {
        let reserved: Vec<Port> = (0..200).map(|_| Port::reserve(Ipv4Addr::LOCALHOST).unwrap()).collect();
        let is_reserved = |number: u16| reserved.iter().any(|port| port.number() == number);
        let to = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let at = to.local_addr().unwrap();
        let dialed: Vec<TcpStream> = (0..100).map(|_| TcpStream::connect(at).unwrap()).collect();
        assert!(dialed.iter().all(|stream| !is_reserved(stream.local_addr().unwrap().port())));
        let others: Vec<Port> = (0..200).map(|_| Port::reserve(Ipv4Addr::LOCALHOST).unwrap()).collect();
        assert!(others.iter().all(|port| !is_reserved(port.number())));
        for port in &reserved {
            Port::reserve_at(port.address()).unwrap_err();
            listen(port).unwrap();
        }
    }
}
