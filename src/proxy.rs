//! A way out through a proxy: SOCKS 5 (RFC 1928, 1929) or HTTP CONNECT (RFC 9110, 9.3.6), for firms whose machines reach others in no other way.
//!
//! The proxy resolves names and sees who is dialed. It sees no more: TLS runs through it, from node to node.

use std::fmt;
use std::io;
use std::str::FromStr;

use bouya_core::limits::PROXY_ANSWER_BYTES;
use bouya_core::wire::Endpoint;
use data_encoding::BASE64;
use thiserror::Error;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_socks::tcp::Socks5Stream;

/// A proxy, as node.toml names it: `socks5://host:port`, `http://user:password@host:port`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    kind: Kind,
    at: Endpoint,
    login: Option<Login>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Socks5,
    Http,
}

#[derive(Clone, PartialEq, Eq)]
struct Login {
    user: String,
    password: String,
}

/// The password is shown nowhere.
impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Login of {}", self.user)
    }
}

/// Why a text names no proxy. The text is not repeated: it may hold a password.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "it is not socks5://HOST:PORT or http://HOST:PORT, with USER:PASSWORD@ before the host where the proxy asks for it"
)]
pub struct NoProxy;

/// Why there is no way through.
#[derive(Debug, Error)]
pub enum ProxyError {
    #[error("the proxy at {0} does not answer: {1}")]
    Unreachable(Endpoint, io::Error),
    #[error("the proxy at {0} does not lead there: {1}")]
    Refused(Endpoint, String),
}

impl FromStr for Proxy {
    type Err = NoProxy;

    fn from_str(text: &str) -> Result<Self, NoProxy> {
        let (scheme, rest) = text.split_once("://").ok_or(NoProxy)?;
        let kind = match scheme {
            "socks5" => Kind::Socks5,
            "http" => Kind::Http,
            _ => return Err(NoProxy),
        };
        let (login, at) = match rest.rsplit_once('@') {
            None => (None, rest),
            Some((login, at)) => {
                let (user, password) = login.split_once(':').ok_or(NoProxy)?;
                // RFC 1929 has one byte for each length.
                let fits = |text: &str| (1..256).contains(&text.len()) && !text.contains(char::is_control);
                if !fits(user) || !fits(password) {
                    return Err(NoProxy);
                }
                (Some(Login { user: user.to_owned(), password: password.to_owned() }), at)
            }
        };
        Ok(Self { kind, at: at.trim_end_matches('/').parse().map_err(|_| NoProxy)?, login })
    }
}

/// Without the password.
impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.kind {
            Kind::Socks5 => "socks5",
            Kind::Http => "http",
        };
        match &self.login {
            None => write!(f, "{scheme}://{}", self.at),
            Some(login) => write!(f, "{scheme}://{}:…@{}", login.user, self.at),
        }
    }
}

impl Proxy {
    /// A stream to `target` through the proxy. The caller bounds how long it may take.
    pub async fn connect(&self, target: &Endpoint) -> Result<TcpStream, ProxyError> {
        let stream = TcpStream::connect((self.at.host.as_str(), self.at.port)).await;
        let stream = stream.map_err(|error| ProxyError::Unreachable(self.at.clone(), error))?;
        let led = match self.kind {
            Kind::Socks5 => self.socks(stream, target).await,
            Kind::Http => self.http(stream, target).await,
        };
        led.map_err(|why| ProxyError::Refused(self.at.clone(), why))
    }

    async fn socks(&self, stream: TcpStream, target: &Endpoint) -> Result<TcpStream, String> {
        let target = (target.host.as_str(), target.port);
        let led = match &self.login {
            None => Socks5Stream::connect_with_socket(stream, target).await,
            Some(Login { user, password }) => {
                Socks5Stream::connect_with_password_and_socket(stream, target, user, password).await
            }
        };
        led.map(Socks5Stream::into_inner).map_err(|error| error.to_string())
    }

    async fn http(&self, mut stream: TcpStream, target: &Endpoint) -> Result<TcpStream, String> {
        let login = self.login.as_ref().map(|Login { user, password }| {
            let login = BASE64.encode(format!("{user}:{password}").as_bytes());
            format!("Proxy-Authorization: Basic {login}\r\n")
        });
        let login = login.unwrap_or_default();
        let ask = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{login}\r\n");
        let answer = async {
            stream.write_all(ask.as_bytes()).await?;
            head(&mut stream).await
        };
        let answer = answer.await.map_err(|error: io::Error| error.to_string())?;
        let status = answer.split(|byte| *byte == b'\r').next().unwrap_or_default();
        let status = String::from_utf8_lossy(status);
        match status.split(' ').nth(1) {
            Some(code) if code.len() == 3 && code.starts_with('2') => Ok(stream),
            _ => Err(format!("it says \"{}\"", status.chars().take(100).collect::<String>().escape_debug())),
        }
    }
}

/// The answer up to the empty line, and not one byte further: what follows is the peer's.
async fn head(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() == PROXY_ANSWER_BYTES {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "its answer has no end"));
        }
        head.push(stream.read_u8().await?);
    }
    Ok(head)
}

#[cfg(test)]
mod tests;
