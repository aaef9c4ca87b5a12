//! Votes are counted: what a quorum of them justifies, and what two of one voter prove.

use super::*;

impl Finality {
    /// Takes in a vote that has been verified.
    pub(super) fn count(&mut self, now: Time, blocks: &dyn Blocks, vote: Vote) {
        let is_own = self.is_own(vote.voter);
        let is_news = is_own && self.record.heard(self.votes.voters(), &vote.link);
        let added = self.votes.add(vote);
        if let Added::Proves(evidence) = added {
            self.outputs.push_back(Output::Guilty { voter: vote.voter, evidence });
        }
        // While it is silent, it learns of its own votes. After that it knows them all, unless another machine makes them.
        if is_own && self.silence.is_none() && (is_news || matches!(added, Added::Proves(_))) {
            self.raise(Alarm::Twin);
        }
        if !is_own && matches!(added, Added::New | Added::Proves(_)) {
            self.outputs.push_back(Output::Relay(vote));
        }
        self.look_for_refusal(&vote.link);
        if !self.justified.contains_key(&vote.link.target)
            && let Some(certificate) = self.votes.certificate(&vote.link)
        {
            self.justify(now, blocks, certificate);
        }
        let is_newer = |known: &Link| known.target.epoch < vote.link.target.epoch;
        if matches!(added, Added::New | Added::Proves(_))
            && vote.link.kind() == Some(LinkKind::Prepare)
            && self.slots.led_by(vote.voter, self.time(now)).is_some()
            && self.proposals.get(&vote.voter).is_none_or(is_newer)
        {
            self.proposals.insert(vote.voter, vote.link);
        }
    }

    /// A quorum has voted for this link; its certificate has been verified.
    pub(super) fn justify(&mut self, now: Time, blocks: &dyn Blocks, certificate: Certificate) {
        let link = certificate.link;
        if self.is_foreign(blocks, &link.target) {
            return;
        }
        self.justified.insert(link.target, Some(certificate.clone()));
        while self.justified.len() > JUSTIFIED_KEPT {
            self.justified.pop_first();
        }
        if link.target.epoch >= self.record.source {
            self.want(now, blocks, link.target);
        }
        if certificate.is_final() {
            self.finalize(blocks, certificate);
        }
    }
}
