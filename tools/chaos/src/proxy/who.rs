//! Which node dialed: finds the process at the other end of a loopback connection in Linux's `/proc`.

use std::fs;
use std::net::{IpAddr, SocketAddr};

/// The index in `pids` of the process that has the socket from `client` to `server`.
pub(super) fn dialed(client: SocketAddr, server: SocketAddr, pids: &[u32]) -> Option<usize> {
    let table = fs::read_to_string("/proc/net/tcp").ok()?;
    let inode = inode(&table, client, server)?;
    pids.iter().position(|pid| *pid != 0 && has_socket(*pid, inode))
}

/// Whether this system has that information.
pub(crate) fn is_told() -> bool {
    fs::metadata("/proc/net/tcp").is_ok()
}

/// The inode of the socket with these ends.
fn inode(table: &str, local: SocketAddr, remote: SocketAddr) -> Option<u64> {
    let (local, remote) = (hex(local)?, hex(remote)?);
    table.lines().skip(1).find_map(|line| {
        let mut words = line.split_ascii_whitespace().skip(1);
        let found = words.next()? == local && words.next()? == remote;
        // State, queues, timer, retransmits, uid, timeout, inode.
        let inode = words.nth(6)?.parse().ok()?;
        (found && inode != 0).then_some(inode)
    })
}

/// An address in the table's form: the IP address in the machine's byte order, then the port.
fn hex(address: SocketAddr) -> Option<String> {
    let IpAddr::V4(ip) = address.ip() else { return None };
    #[expect(clippy::host_endian_bytes, reason = "the kernel prints its own number")]
    let number = u32::from_ne_bytes(ip.octets());
    Some(format!("{number:08X}:{:04X}", address.port()))
}

fn has_socket(pid: u32, inode: u64) -> bool {
    let wanted = format!("socket:[{inode}]");
    let Ok(files) = fs::read_dir(format!("/proc/{pid}/fd")) else { return false };
    files.flatten().any(|file| fs::read_link(file.path()).is_ok_and(|target| target.as_os_str() == &*wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_is_found_in_the_systems_table_by_both_its_ends() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n   \
             0: 0100007F:1F90 0100007F:0050 01 00000000:00000000 00:00000000 00000000     0        0 4711 1 0000 20\n   \
             1: 0100007F:0050 0100007F:1F90 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0000 20\n";
        let (one, other) = ("127.0.0.1:8080".parse().unwrap(), "127.0.0.1:80".parse().unwrap());
        assert_eq!(inode(table, one, other), Some(4711));
        assert_eq!(inode(table, other, one), Some(4712));
        assert_eq!(inode(table, one, one), None);
    }

    #[test]
    fn a_process_is_known_by_its_socket() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let server = listener.local_addr().unwrap();
        let stream = std::net::TcpStream::connect(server).unwrap();
        let client = stream.local_addr().unwrap();
        let own = std::process::id();
        assert_eq!(dialed(client, server, &[0, 1_999_999_999, own]), Some(2));
        assert_eq!(dialed(client, server, &[0, 1_999_999_999]), None);
    }
}
