use bouya_core::limits::CERTIFICATE_SERIAL_BYTES;
use proptest::prelude::*;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer,
    CrlDistributionPoint, CrlIssuingDistributionPoint, DnType, IsCa, KeyIdMethod, KeyPair, RevokedCertParams,
    SerialNumber, date_time_ymd,
};

use super::*;

struct Ca(CertifiedIssuer<'static, KeyPair>);

impl Ca {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn root(&self) -> Root {
        Root::read(self.0.der().clone()).unwrap().unwrap()
    }

    fn list(&self, number: &[u8], serials: &[&[u8]]) -> Vec<u8> {
        self.list_with(number, serials, None)
    }

    fn list_with(
        &self,
        number: &[u8],
        serials: &[&[u8]],
        part: Option<CrlIssuingDistributionPoint>,
    ) -> Vec<u8> {
        self.list_due(number, serials, 2027, part)
    }

    fn list_due(
        &self,
        number: &[u8],
        serials: &[&[u8]],
        year: i32,
        part: Option<CrlIssuingDistributionPoint>,
    ) -> Vec<u8> {
        let revoked = |serial: &&[u8]| RevokedCertParams {
            serial_number: SerialNumber::from_slice(serial),
            revocation_time: date_time_ymd(2026, 1, 1),
            reason_code: None,
            invalidity_date: None,
        };
        let params = CertificateRevocationListParams {
            this_update: date_time_ymd(2026, 1, 1),
            next_update: date_time_ymd(year, 1, 1),
            crl_number: SerialNumber::from_slice(number),
            issuing_distribution_point: part,
            revoked_certs: serials.iter().map(revoked).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        params.signed_by(&self.0).unwrap().der().to_vec()
    }
}

#[test]
fn nothing_leaves_the_union_and_the_highest_number_is_kept() {
    let ca = Ca::new("ca");
    let roots = [ca.root()];
    let issuer = roots[0].issuer;
    let mut all = Revocations::default();
    assert_eq!(all.take_in(&ca.list(&[2], &[&[1], &[2]]), &roots), Ok(true));
    assert_eq!(all.take_in(&ca.list(&[1, 0], &[&[2], &[3]]), &roots), Ok(true), "256 is more than 2");
    assert_eq!(all.summaries()[0].number, "256");
    assert_eq!(all.take_in(&ca.list(&[1], &[&[1]]), &roots), Ok(false), "older and without news");
    assert_eq!(all.take_in(&ca.list(&[4], &[&[4]]), &roots), Ok(true), "older, but a serial is new");
    assert_eq!(all.summaries()[0].number, "256");
    for serial in 1..=4 {
        assert!(all.is_revoked(&issuer, &[0, serial]), "{serial}");
    }
    assert!(!all.is_revoked(&issuer, &[5]));
    assert!(!all.is_revoked(&Hash::ZERO, &[1]), "serials are the issuer's own");
    assert_eq!(Revocations::from_bytes(&all.to_bytes()), Ok(all.clone()));
    all.keep_lists_of(&[]);
    assert!(all.summaries().is_empty() && all.is_revoked(&issuer, &[1]));
}

#[test]
fn peers_get_what_they_lack() {
    let (ca, other) = (Ca::new("ca"), Ca::new("other"));
    let roots = [ca.root(), other.root()];
    let take = |lists: &[Vec<u8>]| {
        let mut all = Revocations::default();
        lists.iter().for_each(|list| assert_eq!(all.take_in(list, &roots), Ok(true)));
        all
    };
    let (old, new, others) = (ca.list(&[9], &[]), ca.list(&[10], &[]), other.list(&[1], &[]));
    let (behind, ahead) = (take(&[old]), take(&[new.clone(), others.clone()]));
    assert_eq!(behind.lacking(&ahead.summaries()).len(), 1, "a higher number alone shows nothing");
    let mut sent = ahead.lacking(&behind.summaries());
    sent.sort();
    let mut expected = vec![new, others];
    expected.sort();
    assert_eq!(sent, expected);
    assert!(ahead.lacking(&ahead.summaries()).is_empty());
}

#[test]
fn overdue_is_judged_by_the_list_that_is_due_latest_in_whatever_order_they_come() {
    let ca = Ca::new("ca");
    let (roots, issuer) = ([ca.root()], ca.root().issuer);
    let year =
        |year: i32| Timestamp(u64::try_from(date_time_ymd(year, 1, 2).unix_timestamp()).unwrap() * 1000);
    let lists = [
        ca.list_due(&[1], &[&[1]], 2030, None),
        // Signed with a clock that was wrong: overdue when it arrives. It revokes all the same.
        ca.list_due(&[2], &[&[1], &[2]], 2027, None),
        ca.list_due(&[3], &[&[1], &[2]], 2028, None),
    ];
    let mut found = Vec::new();
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let mut all = Revocations::default();
        for at in order {
            all.take_in(&lists[at], &roots).unwrap();
        }
        assert_eq!(all.summaries()[0].number, "3", "the newest is still the first: {order:?}");
        assert_eq!(
            (all.overdue(&issuer, year(2029)), all.lives()[0].due < year(2030)),
            (None, true),
            "{order:?}"
        );
        assert!(all.overdue(&issuer, year(2030)).is_some());
        assert!(all.is_revoked(&issuer, &[2]));
        // A node that joins later, with the overdue list in its own file, hears of it.
        let mut late = Revocations::default();
        late.take_in(&lists[1], &roots).unwrap();
        assert!(late.overdue(&issuer, year(2029)).is_some());
        exchange(&mut all, &mut late, &roots);
        assert_eq!(late.overdue(&issuer, year(2029)), None, "{order:?}");
        found.push(all);
    }
    assert!(found.iter().all(|all| *all == found[0]), "nodes settle");
}

#[test]
fn only_plain_lists_that_a_root_signed_count() {
    let (ca, foreign, twin) = (Ca::new("ca"), Ca::new("foreign"), Ca::new("ca"));
    let roots = [ca.root()];
    let refused = |der: &[u8]| Revocations::default().take_in(der, &roots).unwrap_err();
    assert!(
        matches!(refused(&foreign.list(&[1], &[])), CrlError::Signature(name) if name.contains("foreign"))
    );
    assert!(matches!(refused(&twin.list(&[1], &[])), CrlError::Signature(_)), "a name is no signature");
    let part = CrlIssuingDistributionPoint {
        distribution_point: CrlDistributionPoint { uris: vec!["http://ca".into()] },
        scope: None,
    };
    assert!(matches!(refused(&ca.list_with(&[1], &[], Some(part))), CrlError::Extension(_)));
    assert!(matches!(refused(&vec![0; CRL_BYTES + 1]), CrlError::Long(_)));
    assert!(matches!(refused(&ca.list(&[1], &[&[1; CERTIFICATE_SERIAL_BYTES + 1]])), CrlError::Serial(21)));
    let mut trailed = ca.list(&[1], &[]);
    trailed.push(0);
    assert!(matches!(refused(&trailed), CrlError::Form(_)));
    let saved = Revocations::default().to_bytes();
    for damaged in [&[][..], &[9], &saved[..3]] {
        assert!(matches!(Revocations::from_bytes(damaged), Err(CrlError::Saved(_))));
    }
}

#[test]
fn the_union_is_bounded() {
    let ca = Ca::new("ca");
    let (roots, issuer) = ([ca.root()], ca.root().issuer);
    let mut all = Revocations::default();
    let many = (0..CRL_SERIALS).map(|n| u32::try_from(n).unwrap().to_be_bytes()[1..].to_vec());
    all.serials.insert(issuer, many.map(|serial| [&[9], &serial[..]].concat()).collect());
    assert_eq!(all.take_in(&ca.list(&[1], &[&[1]]), &roots), Err(CrlError::Full));
    assert!(!all.is_revoked(&issuer, &[1]));
}

#[test]
fn every_damaged_list_is_refused_and_breaks_nothing() {
    let ca = Ca::new("ca");
    let (roots, der) = ([ca.root()], ca.list(&[1], &[&[1], &[2]]));
    let flips = (0..der.len() * 8).map(|at| {
        let mut damaged = der.clone();
        damaged[at / 8] ^= 1 << (at % 8);
        damaged
    });
    let cuts = (0..der.len()).map(|end| der[..end].to_vec());
    for (at, damaged) in flips.chain(cuts).enumerate() {
        let mut all = Revocations::default();
        assert!(all.take_in(&damaged, &roots).is_err(), "{at} of {}: {damaged:02x?}", der.len());
        assert_eq!(all, Revocations::default());
    }
}

/// What two connected nodes tell each other.
fn exchange(one: &mut Revocations, other: &mut Revocations, roots: &[Root]) -> bool {
    let (to_other, to_one) = (one.lacking(&other.summaries()), other.lacking(&one.summaries()));
    let mut new = false;
    for (node, lists) in [(one, to_one), (other, to_other)] {
        for list in lists {
            new |= node.take_in(&list, roots).unwrap();
        }
    }
    new
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Each copy counts on by itself, so that numbers are given twice. Any node may get any list, and one comes when all is over.
    #[test]
    fn two_copies_of_a_cas_folder_never_split_a_network(
        given in prop::collection::vec((any::<bool>(), 0_usize..4), 1..10),
    ) {
        let ca = Ca::new("ca");
        let (roots, issuer) = ([ca.root()], ca.root().issuer);
        let mut copies = [(5, Vec::new()), (5, Vec::new())];
        let mut nodes = vec![Revocations::default(); 4];
        let mut revoked = Vec::new();
        for (count, (copy, node)) in given.into_iter().enumerate() {
            let serial = [u8::try_from(count + 1).unwrap()];
            revoked.push(serial);
            let (number, serials) = &mut copies[usize::from(copy)];
            *number += 1;
            serials.push(serial);
            let serials: Vec<&[u8]> = serials.iter().map(|serial| &serial[..]).collect();
            nodes[node].take_in(&ca.list(&[*number], &serials), &roots).unwrap();
        }
        for latecomer in [false, true] {
            if latecomer {
                nodes.push(Revocations::default());
            }
            // A chain: news pass from neighbour to neighbour until there are none.
            let mut rounds = 0;
            while (1..nodes.len()).fold(false, |new, at| {
                let (left, right) = nodes.split_at_mut(at);
                exchange(&mut left[at - 1], &mut right[0], &roots) | new
            }) {
                rounds += 1;
                prop_assert!(rounds < 10, "they do not settle");
            }
            for node in &nodes {
                prop_assert!(revoked.iter().all(|serial| node.is_revoked(&issuer, serial)));
                prop_assert_eq!(node.summaries(), nodes[0].summaries());
            }
        }
    }
}

#[test]
fn what_was_saved_in_the_first_format_is_read() {
    let ca = Ca::new("ca");
    let (roots, issuer) = ([ca.root()], ca.root().issuer);
    let mut all = Revocations::default();
    all.take_in(&ca.list(&[2], &[&[1]]), &roots).unwrap();
    let newest: BTreeMap<Hash, KeptList> =
        all.lists.iter().map(|(issuer, lists)| (*issuer, lists[0].clone())).collect();
    let old = borsh::to_vec(&(1_u8, &all.serials, &newest)).unwrap();
    assert_eq!(Revocations::from_bytes(&old), Ok(all));
    assert!(Revocations::from_bytes(&old).unwrap().is_revoked(&issuer, &[1]));
}
