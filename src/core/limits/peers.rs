//! Peers: who is known, dialed, connected and banned.

use core::time::Duration;

/// Connected peers: each may hold [`super::HELD_PER_PEER`] bytes.
pub const CONNECTED: usize = 128;
/// Of these, kept for configured peers, so that strangers cannot crowd them out.
pub const CONNECTED_RESERVED: usize = 8;
/// Known peers, bootstrap entries included: hearsay must not fill memory, or every dial.
pub const KNOWN_PEERS: usize = 1_024;
/// Known peers that one source may have told of: an eclipse needs many liars.
pub const KNOWN_PER_SOURCE: usize = 16;
/// Addresses kept for one peer: a liar's hint takes the place of another hint at most.
pub const CANDIDATES: usize = 4;
/// A peer is told to others for this long after it was last proven by TLS: nobody is sent after the dead.
pub const TOLD_FOR: Duration = Duration::from_secs(3 * 3600);
/// A peer that nobody has proven for this long is forgotten, unless configured.
pub const FORGET_AFTER: Duration = Duration::from_secs(3 * 24 * 3600);
/// Dials under way at once, and dials started per second: this node is no cannon.
pub const DIALS_IN_FLIGHT: usize = 8;
/// See [`DIALS_IN_FLIGHT`].
pub const DIALS_PER_SECOND: u32 = 10;
/// A peer is dialed back once in this span at most, ...
pub const DIAL_BACK_EVERY: Duration = Duration::from_secs(60);
/// ... and so many peers at once: whoever asks makes this node dial where it says, so it is no cannon for members either.
pub const DIALS_BACK: usize = 4;
/// The pace counts dials within this span.
pub const DIAL_PACE: Duration = Duration::from_secs(1);
/// A hint that nobody has ever proven is forgotten after this many failed rounds: liars cannot keep this node dialing.
pub const HINT_FAILURES: u32 = 10;
/// Characters kept of why a dial failed: part of it is the other side's words.
pub const DIAL_ERROR_CHARS: usize = 256;
/// First dials start within this span: a network that comes up does not knock all at once.
pub const FIRST_DIAL: Duration = Duration::from_millis(250);
/// The larger id dials too after this long without a connection, plus up to [`LARGER_DIALS_JITTER`].
pub const LARGER_DIALS_AFTER: Duration = Duration::from_secs(10);
/// See [`LARGER_DIALS_AFTER`].
pub const LARGER_DIALS_JITTER: Duration = Duration::from_secs(5);
/// Backoff doubles from the first to the second, with full jitter.
pub const BACKOFF: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));
/// The same for peers known by hearsay only: a peer that makes addresses up has each member knock there about once in three seconds.
pub const BACKOFF_HEARSAY: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(300));
/// Backoff after a certificate verdict; a reload clears it.
pub const BACKOFF_CERTIFICATE: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(300));
/// A connection that held this long clears the backoff.
pub const STABLE_AFTER: Duration = Duration::from_secs(60);
/// GetPeers after hello, at these times; then every [`GET_PEERS_EVERY`].
pub const GET_PEERS_AT: [Duration; 4] =
    [Duration::ZERO, Duration::from_secs(2), Duration::from_secs(5), Duration::from_secs(15)];
/// See [`GET_PEERS_AT`].
pub const GET_PEERS_EVERY: Duration = Duration::from_secs(60);
/// Ping after this long without hearing anything: the host itself may be gone without a word.
pub const PING_AFTER: Duration = Duration::from_secs(15);
/// Closed after this long without hearing anything.
pub const SILENT_CLOSE: Duration = Duration::from_secs(45);
/// A connection is renewed at this age, give or take [`CONNECTION_AGE_JITTER`]: certificate and key are proven afresh, and who took
/// over a running connection does not keep it.
pub const CONNECTION_AGE: Duration = Duration::from_secs(24 * 3600);
/// See [`CONNECTION_AGE`].
pub const CONNECTION_AGE_JITTER: Duration = Duration::from_secs(24 * 360);
/// A renewal that came to nothing is tried again after this long.
pub const RENEW_AGAIN: Duration = Duration::from_secs(600);
/// A connection that nobody has renewed is closed at this age.
pub const CONNECTION_AGE_LIMIT: Duration = Duration::from_secs(27 * 3600);
/// A connection younger than this is not renewed by the other side: two machines that run one process' copy do not swap places.
pub const CONNECTION_RENEWABLE: Duration = Duration::from_secs(12 * 3600);
/// Instances of one id that are remembered: a twin that comes back is told from a restart.
pub const INSTANCES_PER_PEER: usize = 4;
/// A new instance takes the place of a connection that stands this often at most: a peer that claims a new one each time swaps no faster.
pub const INSTANCE_SWAP_EVERY: Duration = Duration::from_secs(60);
/// An older connection of the same id must answer a ping within this, or the newer one stays.
pub const DUPLICATE_PING: Duration = Duration::from_secs(2);
/// Observers hear of the same about the same peer once in this span at most: who comes again and again fills no log.
pub const PEER_NOTE_EVERY: Duration = Duration::from_secs(60);
/// Points at which a peer is banned; points halve every [`POINTS_HALF_LIFE`].
pub const POINTS_BAN: u32 = 100;
/// See [`POINTS_BAN`].
pub const POINTS_HALF_LIFE: Duration = Duration::from_secs(600);
/// What an honest peer on a bad day does too (see [`crate::overlay::Fault`]) costs this many points, ...
pub const LAPSE_POINTS: u32 = 2;
/// ... and counts once in this span: lapses alone never ban.
pub const LAPSE_EVERY: Duration = Duration::from_secs(60);
/// Bans kept, by proven id; the one that ends first makes room.
pub const BANS: usize = 1_024;
/// A first ban's span; it doubles up to [`BAN_MAX`].
pub const BAN: Duration = Duration::from_secs(3600);
/// See [`BAN`].
pub const BAN_MAX: Duration = Duration::from_secs(24 * 3600);
/// Peers to forget are looked for this often.
pub const BOOK_SWEEP_EVERY: Duration = Duration::from_secs(3600);
/// Changes of the book are gathered this long before they are saved: no peer makes this node write faster.
pub const BOOK_SAVE_AFTER: Duration = Duration::from_secs(5);
/// Goodbyes get this long to leave when the node stops.
pub const PARTING: Duration = Duration::from_secs(2);
/// A failed write waits this long for what the peer may have said before it closed.
pub const LAST_WORDS: Duration = Duration::from_millis(500);
/// Addresses tried of those that a name has: a name with hundreds must not hold a dial for minutes.
pub const DIAL_ADDRESSES: usize = 4;
/// TCP gives up a host that is silent (cable, power) after about this long.
pub const TCP_DEAD_AFTER: Duration = Duration::from_secs(30);
/// A closing connection gets this long to send its last words and to read what the peer still sends.
pub const CLOSE_DRAIN: Duration = Duration::from_secs(2);
/// Longest answer of a proxy to CONNECT, in bytes: some add headers of their own, none needs more.
pub const PROXY_ANSWER_BYTES: usize = 8 * 1024;
