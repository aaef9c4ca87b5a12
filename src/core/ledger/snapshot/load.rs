//! Taking a snapshot in: each piece is checked before anything of it is given out to be stored.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::super::handover::put_into_force;
use super::super::state::{executed, from_row};
use super::super::{
    Block, Branch, Certificate, Checkpoint, Genesis, Handover, Header, HeaderError, HeaderRecord, Key,
    Roster, StateError, StateHash, SyncHeader, agreement, read_state_hash,
};
use super::{FinalBlock, NewMembers, Part, Piece, Row, SnapshotError};
use crate::codec::decode;
use crate::crypto::{Hash, verify_batch};

/// See the module. What it has given out is right only once [`Loader::finish`] says so.
#[derive(Debug)]
pub struct Loader {
    genesis: Arc<Genesis>,
    /// The headers so far.
    branch: Branch,
    end: Option<FinalBlock>,
    /// [`super::Body::executed`] of the final block, once its header has come.
    executed: Option<Hash>,
    /// The key of the last row.
    last: Option<Vec<u8>>,
    state: StateHash,
    /// What the rows say of themselves: their hash, and the members.
    stated: (Hash, Roster),
}

impl Loader {
    /// Before the first piece.
    pub fn new(genesis: Arc<Genesis>) -> Self {
        Self {
            branch: genesis.branch(),
            genesis,
            end: None,
            executed: None,
            last: None,
            state: StateHash::default(),
            stated: (Hash::ZERO, Roster::default()),
        }
    }

    /// The height that the headers have reached, and that of the final block.
    pub fn reached(&self) -> (u64, u64) {
        let end = self.end.as_ref().map_or(0, |end| end.certificate.link.source.height);
        (self.branch.height, end)
    }

    /// Takes in the next piece.
    pub fn take(&mut self, piece: Piece) -> Result<Part, SnapshotError> {
        let mut part = Part::default();
        match piece {
            Piece::Final(end) if self.end.is_none() => {
                if !end.certificate.is_final() || end.certificate.link.source.height == 0 {
                    return Err(SnapshotError::Commit);
                }
                self.end = Some(*end);
            }
            Piece::Headers(headers) => {
                for header in headers {
                    self.take_header(&mut part, header)?;
                }
            }
            Piece::Members(members) => self.take_members(&mut part, *members)?,
            Piece::Rows(rows) if self.executed.is_some() => self.take_rows(&mut part, rows)?,
            Piece::Final(_) | Piece::Rows(_) => return Err(SnapshotError::Order),
        }
        self.check_seals(&part)?;
        Ok(part)
    }

    /// The seals of all its headers, together.
    fn check_seals(&self, part: &Part) -> Result<(), SnapshotError> {
        let network = &self.genesis.rules.network;
        let signed: Vec<_> = part.records.iter().map(|record| record.header.signed(network)).collect();
        if verify_batch(&signed) {
            return Ok(());
        }
        let wrong = part.records.iter().find(|record| !record.header.is_sealed(network));
        let height = wrong.map_or(self.branch.height, |record| record.header.height);
        Err(SnapshotError::Header { height, error: HeaderError::Seal })
    }

    /// All pieces have come: the rows are the state after the final block. Returns its height, and what makes it final.
    pub fn finish(self) -> Result<(u64, Certificate), SnapshotError> {
        let (Some(end), Some(stated)) = (self.end, self.executed) else {
            return Err(SnapshotError::Short(self.branch.height));
        };
        let (height, state) = (self.branch.height, self.state.hash());
        let (hash, roster) = self.stated;
        let is_it = executed(&end.writes, &end.results, &state) == stated;
        if !is_it || hash != state || roster != *self.branch.members.roster() {
            return Err(SnapshotError::State(height));
        }
        Ok((height, end.certificate))
    }

    fn take_header(&mut self, part: &mut Part, header: SyncHeader) -> Result<(), SnapshotError> {
        let SyncHeader { header, executed } = header;
        self.check(&header)?;
        if !self.branch.keeps_roster(&header, &executed) {
            return Err(SnapshotError::Unproven(header.height));
        }
        self.push(part, header, executed, None)
    }

    fn take_members(&mut self, part: &mut Part, members: NewMembers) -> Result<(), SnapshotError> {
        let NewMembers { block, roster, certificate } = members;
        let Block { header, body } = block;
        self.check(&header)?;
        let height = header.height;
        if body.root(height) != header.body {
            return Err(SnapshotError::Body(height));
        }
        let (network, before) = (&self.genesis.rules.network, self.branch.members.voters());
        let (id, executed) = (header.id(), body.executed);
        let checked = match certificate {
            Some(certificate) => {
                part.handovers.push((id, certificate.clone()));
                let handover = Handover { header: header.clone(), executed, roster, certificate };
                handover.check(network, before)
            }
            None if height <= self.trusted() => put_into_force(&header, &executed, &roster, before),
            None => return Err(SnapshotError::Unproven(height)),
        };
        let next = checked.map_err(|error| SnapshotError::Members { height, error })?;
        part.bodies.push((id, body));
        self.push(part, header, executed, Some(next.roster().clone()))
    }

    /// The highest block on the way that operators trust, with all below it: nothing else needs to prove those.
    fn trusted(&self) -> u64 {
        let (_, end) = self.reached();
        let heights = self.genesis.rules.trusted().map(|(height, _)| height);
        heights.filter(|height| *height <= end).max().unwrap_or(0)
    }

    /// Checks that a header comes next. Its seal is verified with the others of its piece.
    fn check(&self, header: &Header) -> Result<(), SnapshotError> {
        let (at, end) = self.reached();
        if at >= end {
            return Err(SnapshotError::Order);
        }
        let checked = self.branch.check_unsealed(&self.genesis.rules, header);
        checked.map_err(|error| SnapshotError::Header { height: at.saturating_add(1), error })
    }

    fn push(
        &mut self,
        part: &mut Part,
        header: Header,
        executed: Hash,
        roster: Option<Roster>,
    ) -> Result<(), SnapshotError> {
        self.check_end(part, &header, executed)?;
        part.nodes.extend(self.branch.push(&self.genesis.rules, &header, roster));
        // Only a body tells the size.
        let body = part.bodies.last().filter(|(id, _)| *id == self.branch.id);
        let size = body.map_or(0, |(_, body)| Block { header: header.clone(), body: body.clone() }.size());
        part.records.push(HeaderRecord::new(header, executed, &self.branch, size));
        Ok(())
    }

    /// If this is the header of the final block, it must be final. The branch ends in its parent.
    fn check_end(&mut self, part: &mut Part, header: &Header, executed: Hash) -> Result<(), SnapshotError> {
        let Some(FinalBlock { certificate, body, .. }) = &self.end else { return Err(SnapshotError::Order) };
        let Checkpoint { height, block, .. } = certificate.link.source;
        if header.height != height {
            return Ok(());
        }
        if header.id() != block {
            return Err(SnapshotError::Commit);
        }
        certificate.check(&self.genesis.rules.network, self.branch.members.voters())?;
        if body.root(height) != header.body || body.executed != executed {
            return Err(SnapshotError::Body(height));
        }
        part.bodies.push((block, body.clone()));
        self.executed = Some(executed);
        Ok(())
    }

    fn take_rows(&mut self, part: &mut Part, rows: Vec<Row>) -> Result<(), SnapshotError> {
        for (key, row) in rows {
            if self.last.as_ref().is_some_and(|last| *last >= key) {
                return Err(SnapshotError::Rows);
            }
            self.take_row(part, &key, &row).map_err(SnapshotError::Row)?;
            self.last = Some(key.clone());
            part.rows.push((key, row));
        }
        Ok(())
    }

    fn take_row(&mut self, part: &mut Part, key: &[u8], row: &[u8]) -> Result<(), StateError> {
        let key: Key = decode(key, "a row's key").map_err(|error| StateError(alloc::format!("{error}")))?;
        self.state.add(&key, row);
        match key {
            Key::StateHash => self.stated.0 = read_state_hash(Some(row.to_vec()))?,
            Key::Roster => self.stated.1 = from_row(Some(row.to_vec()))?,
            Key::Agreement(id) => {
                part.deadlines.extend(agreement::deadline(row.to_vec())?.map(|at| (at, id)));
            }
            _ => (),
        }
        Ok(())
    }
}
