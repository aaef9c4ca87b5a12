//! What peers say.

use super::*;

impl Finality {
    pub(super) fn hear(&mut self, now: Time, blocks: &dyn Blocks, peer: Peer, said: Said) {
        match said {
            Said::Proposal { vote, proof } => {
                if let Some(proof) = proof {
                    self.take_certificate(now, blocks, peer, proof);
                }
                // Only what is signed by who leads is worth an answer.
                if self.take_vote(now, blocks, peer, vote)
                    && self.proposals.get(&vote.voter) == Some(&vote.link)
                {
                    self.refuse(now, blocks, peer, &vote.link);
                }
            }
            Said::Votes { link, votes } => {
                // One bad signature is enough.
                let mut votes = votes.into_iter().map(|(voter, signature)| Vote { link, voter, signature });
                let known = self.proposals.clone();
                while let Some(vote) = votes.next()
                    && self.take_vote(now, blocks, peer, vote)
                {
                    // A prepare of whoever leads is a proposal, however it comes: who passed it on passes the refusal on too.
                    if self.proposals.get(&vote.voter) == Some(&link) && known.get(&vote.voter) != Some(&link)
                    {
                        self.refuse(now, blocks, peer, &link);
                    }
                }
            }
            Said::Certificate(certificate) => self.take_certificate(now, blocks, peer, certificate),
            Said::GetFinality { set, voter } if set == self.voters().id() => {
                let voter = voter.and_then(|key| self.voters().number(&key));
                let seen = voter.and_then(|voter| self.votes.newest(voter)).copied();
                let lock = self.justified.values().next_back().cloned().flatten();
                let newest = self.newest.clone();
                self.say(peer, Said::Finality { set, handovers: Vec::new(), newest, lock, seen });
                // It has come to this set since it was asked last.
                if self.silence.as_ref().is_some_and(|silence| !silence.has_answered(peer)) {
                    self.ask(peer);
                }
            }
            Said::GetFinality { set, .. } => {
                let handovers = blocks.handovers(&set);
                let (newest, lock, seen) = (None, None, None);
                // Of a set that is unknown here nothing was seen, and nothing of it is known to be unseen: no answer about it.
                let set = if handovers.is_empty() { self.voters().id() } else { set };
                self.say(peer, Said::Finality { set, handovers, newest, lock, seen });
            }
            Said::Finality { set, handovers, newest, lock, seen } if set == self.voters().id() => {
                self.take_handovers(blocks, peer, handovers);
                for certificate in newest.into_iter().chain(lock) {
                    self.take_certificate(now, blocks, peer, certificate);
                }
                if let Some(seen) = seen {
                    self.take_vote(now, blocks, peer, seen);
                }
                let voter = self.peers.get(&peer).copied().flatten().filter(|voter| !self.is_own(*voter));
                if let Some(silence) = &mut self.silence {
                    silence.answered(peer, voter);
                }
            }
            // About another set: it says nothing about this one.
            Said::Finality { .. } => (),
        }
    }

    /// False if no honest peer says that.
    fn take_vote(&mut self, now: Time, blocks: &dyn Blocks, peer: Peer, vote: Vote) -> bool {
        if vote.link.set != self.voters().id() || !self.votes.needs(&vote.link, vote.voter) {
            return true;
        }
        let is_good = self.voters().verify(&self.network, &vote);
        if is_good {
            self.count(now, blocks, vote);
        } else {
            self.outputs.push_back(Output::Blame { peer, what: "vote" });
        }
        is_good
    }

    fn take_certificate(&mut self, now: Time, blocks: &dyn Blocks, peer: Peer, certificate: Certificate) {
        let link = certificate.link;
        // While it is silent, this node looks for its own signature even in what it knows.
        let oldest = self.justified.first_key_value().map_or(0, |(checkpoint, _)| checkpoint.epoch);
        let is_old = self.justified.len() >= JUSTIFIED_KEPT
            && link.target.epoch < oldest
            && (link.kind() != Some(LinkKind::Commit) || self.is_below_final(blocks, &link.source));
        let is_known = (is_old || self.justified.contains_key(&link.target)) && self.silence.is_none();
        if link.set != self.voters().id() || is_known {
            return;
        }
        if certificate.check(&self.network, self.voters()).is_err() {
            self.outputs.push_back(Output::Blame { peer, what: "certificate" });
            return;
        }
        self.look_for_refusal(&link);
        for vote in certificate.votes() {
            self.count(now, blocks, vote);
        }
        if !self.justified.contains_key(&link.target) {
            self.justify(now, blocks, certificate);
        }
    }

    /// Whether a checkpoint's block is final here. However old the certificate of one that is not: it shows a second history.
    fn is_below_final(&self, blocks: &dyn Blocks, checkpoint: &Checkpoint) -> bool {
        let newest = self.finalized();
        checkpoint.height <= newest.height
            && blocks.ancestor(&newest.block, checkpoint.height) == Some(checkpoint.block)
    }
}
