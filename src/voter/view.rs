//! How the voters stand, for people.

use super::*;

/// How the voters stand, as this node sees it.
#[derive(Clone, Debug)]
pub struct VotersView {
    /// The set in force.
    pub set: Hash,
    /// Votes that make a quorum.
    pub quorum: usize,
    /// How many must have signed two histories if there are two.
    pub guilty: usize,
    /// This node's number, if it is a voter.
    pub own: Option<u16>,
    /// Why this node does not vote until its operator acts.
    pub alarm: Option<Alarm>,
    /// The height of a final block that this node finds invalid.
    pub refuses: Option<u64>,
    /// It waits for what others have seen of its votes.
    pub silent: bool,
    /// The newest final certificate.
    pub newest: Option<Certificate>,
    /// What is final in another history, if this node has met one.
    pub rival: Option<Certificate>,
    /// How the newest final block became final here; none if that was before the start.
    pub settled: Option<Settled>,
    /// By number.
    pub voters: Vec<VoterView>,
}

/// One voter.
#[derive(Clone, Debug)]
pub struct VoterView {
    pub id: NodeId,
    pub number: u16,
    /// Its newest vote that was heard here.
    pub last: Option<Vote>,
    /// When that was.
    pub heard: Option<Timestamp>,
    /// Two votes that no honest machine signs both.
    pub evidence: Option<Evidence>,
}

impl Running {
    pub(super) fn view(&self) -> Result<VotersView, VoterError> {
        let (machine, voters) = (&self.actor.machine, self.actor.machine.voters());
        let voter = |number: u16| {
            let member = voters.member(number)?;
            let now = machine.votes().evidence().find(|(guilty, _)| *guilty == number);
            // Its key may have been found guilty in an earlier set.
            let evidence = now.map(|(_, evidence)| *evidence);
            let evidence = evidence.or_else(|| self.actor.proven.against(&member.key));
            Some(VoterView {
                id: member.id.clone(),
                number,
                last: machine.votes().newest(number).copied(),
                heard: self.heard.get(&number).map(|(_, wall)| *wall),
                evidence,
            })
        };
        // What is final is told once it is durable.
        let newest = self.actor.reader.snapshot()?.finalized()?;
        Ok(VotersView {
            set: voters.id(),
            quorum: voters.quorum(),
            guilty: voters.guilty(),
            own: machine.number(),
            alarm: machine.alarm(),
            refuses: self.refuses(),
            silent: machine.is_silent(),
            newest,
            rival: self.actor.proven.rival().cloned(),
            settled: self.settled,
            voters: (0..u16::try_from(voters.count()).unwrap_or(u16::MAX)).filter_map(voter).collect(),
        })
    }
}
