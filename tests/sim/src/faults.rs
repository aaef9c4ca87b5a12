//! Which faults happen, when, and for how long. The seed decides it before anything runs.

use bouya_core::random::Random;

listed! {
    /// A kind of fault.
    enum Kind {
        /// The process dies; its sockets end at once.
        Kill,
        /// The machine loses power: its peers do not hear of it.
        PowerCut,
        /// The process dies several times, shortly after each start.
        CrashLoop,
        /// The machine dies during a commit, before or after it is durable.
        CrashInCommit,
        /// The process stops cleanly and starts again later.
        Restart,
        /// The process is stopped for as long as several changes of the members may take.
        Away,
        /// The data folder is lost.
        Wipe,
        /// The record of votes is lost, and the operator says that the node may vote all the same.
        RecordLost,
        /// A backup of the data folder and of the record of votes is made, and brought back later.
        Restored,
        /// All nodes stop, and start together.
        RestartAll,
        /// The process stands still while its sockets stay open.
        Pause,
        /// Two groups do not hear each other.
        Partition,
        /// One node neither hears nor reaches any other.
        Isolate,
        /// The members part in halves as soon as a change of them can come into force.
        Halves,
        /// A link carries nothing.
        CutLink,
        /// A link carries nothing in one direction.
        OneWay,
        /// All connections of a node break.
        Reset,
        /// The links of a node are slow to answer.
        Latency,
        /// The links of a node lose packets.
        Loss,
        /// The links of a node reorder packets.
        Reorder,
        /// The links of a node duplicate packets.
        Duplicate,
        /// The links of a node are narrow.
        Narrow,
        /// A clock is off.
        ClockSkew,
        /// A clock jumps, and later jumps back.
        ClockJump,
        /// A clock runs too fast or too slow.
        ClockDrift,
        /// A disk is slow.
        DiskSlow,
        /// A disk is full.
        DiskFull,
        /// A commit fails and the daemon ends itself.
        DiskError,
        /// Ten times the hash rate.
        RateUp,
        /// A tenth of the hash rate.
        RateDown,
        /// A member's certificate is revoked; one node gets the list first.
        Revoke,
        /// A new member joins that knows only a few others.
        Join,
        /// A member leaves for good.
        Leave,
        /// A node comes back at another address.
        Move,
    }
}

impl Kind {
    /// Whether a run may have it only a few times.
    fn is_rare(self) -> bool {
        matches!(self, Self::Revoke | Self::Join | Self::Leave | Self::Wipe | Self::Move | Self::RestartAll)
    }

    /// Whether the node may vote again for what it has forgotten.
    pub(crate) fn makes_forget(self) -> bool {
        matches!(self, Self::RecordLost | Self::Restored)
    }

    /// The shortest and the longest time that it lasts, in seconds.
    fn lasts(self) -> (u64, u64) {
        match self {
            Self::Kill
            | Self::PowerCut
            | Self::Restart
            | Self::RestartAll
            | Self::Wipe
            | Self::RecordLost
            | Self::Move => (1, 240),
            Self::CrashLoop => (20, 90),
            Self::Pause => (1, 120),
            Self::CrashInCommit | Self::DiskError | Self::Reset => (1, 60),
            Self::Revoke | Self::Join | Self::Leave => (1, 1),
            Self::Partition => (20, 900),
            Self::Halves => (120, 900),
            Self::Away => (600, 1_500),
            _ => (5, 600),
        }
    }
}

/// A fault of one run.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub(crate) kind: Kind,
    pub(crate) begins: u64,
    pub(crate) ends: u64,
    /// The node that it strikes.
    pub(crate) node: usize,
    /// The other end of the link that it strikes.
    pub(crate) other: usize,
    /// How bad it is, from 0 to below 1.
    pub(crate) measure: f64,
}

/// The faults of a run. All end by `healed` (ms). As in swarm testing, a run has few kinds of faults and many of each. The last `later` nodes
/// have not joined yet.
pub(crate) fn plan(rng: &mut Random, nodes: usize, later: usize, healed: u64) -> Vec<Fault> {
    let mut kinds = Kind::ALL.to_vec();
    rng.shuffle(&mut kinds);
    kinds.truncate(rng.within(1, 8) as usize);
    let mut joins = nodes - later..nodes;
    let mut faults = Vec::new();
    for _ in 0..rng.within(3, 24) {
        let kind = kinds[rng.index(kinds.len())];
        let again = faults.iter().filter(|fault: &&Fault| fault.kind == kind).count();
        if kind.is_rare() && again > nodes / 8 {
            continue;
        }
        let (least, most) = kind.lasts();
        let span = rng.within(least * 1_000, most * 1_000);
        let begins = rng.within(5_000, healed - 2_000);
        let mut node = rng.index(nodes - later);
        if kind == Kind::Join {
            let Some(next) = joins.next() else { continue };
            node = next;
        }
        let other = (node + 1 + rng.index(nodes - 1)) % nodes;
        faults.push(Fault {
            kind,
            begins,
            ends: healed.min(begins + span),
            node,
            other,
            measure: rng.unit(),
        });
    }
    // Nodes that no fault has brought in join too.
    for node in joins {
        let begins = rng.within(5_000, healed - 2_000);
        faults.push(Fault { kind: Kind::Join, begins, ends: begins + 1, node, other: 0, measure: 0.0 });
    }
    faults
}
