//! Receipts and final proofs against a checker of another language, written from docs/PROTOCOL.md alone.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "receipt/outcomes.rs"]
mod outcomes;

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;

use bouya::config::{NetworkFile, OverrideFile};
use bouya_client::receipt::{self, final_proof};
use bouya_core::codec::Bounded;
use bouya_core::crypto::{Hash, sha256};
use bouya_core::ledger::{
    Action, Block, Content, Decree, FinalProof, Finality, Genesis, Header, Output, Proposal, Receipt,
    Response, Transaction, View,
};
use bouya_core::testing::members::{changed_thrice, overridden, restarted};
use bouya_core::testing::{Node, address, governor, key, member, network, network_of_members, text};
use bouya_core::time::Timestamp;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A chain with one transaction of each kind, each in a block of its own.
struct Made {
    node: Node,
    height: u64,
}

fn make(name: &str) -> Made {
    make_on(network(name, 1_000))
}

/// A network of four members, with names.
fn network_of_named(name: &str) -> Arc<Genesis> {
    let mut spec = network_of_members(name).spec.clone();
    spec.members.iter_mut().for_each(|member| member.name = text(&format!("\"{}\" SA", member.id)));
    Arc::new(Genesis::new(spec).unwrap())
}

/// On a network with members, of whom these have made the second block from the end final.
fn make_final(name: &str, signers: &[u8]) -> Made {
    let mut made = make_on(network_of_named(name));
    made.node.finalize(made.height - 2, signers);
    made
}

fn make_on(genesis: Arc<Genesis>) -> Made {
    let mut node = Node::of(genesis);
    let proposal = Proposal {
        title: text("Lease \u{201e}2027\u{201c}"),
        document: sha256(b"lease"),
        parties: Bounded::truncated([address(2), address(3)]),
        deadline: Timestamp(1_800_000_000_000),
    };
    let agreement = proposal.id(&key(1).public(), 3);
    let document = Content::Document { hash: sha256(b"lease"), name: text("lease.pdf") };
    let data = Content::Data(b"wheat 212.50".to_vec().try_into().unwrap());
    let paid =
        Bounded::truncated([Output { to: address(2), amount: 5 }, Output { to: address(3), amount: 6 }]);
    let actions = [
        (1, 0, Action::Transfer { outputs: paid, memo: text("rent") }),
        (1, 1, Action::Record { topic: text("contracts"), content: document }),
        (1, 2, Action::Record { topic: text("prices"), content: data }),
        (1, 3, Action::Propose(proposal)),
        (2, 0, Action::Respond { agreement, document: sha256(b"lease"), response: Response::Sign }),
        (3, 0, Action::Respond { agreement, document: sha256(b"lease"), response: Response::Refuse }),
        (1, 4, Action::Withdraw { agreement }),
    ];
    for (from, nonce, action) in actions {
        node.mine(vec![node.sign(from, nonce, action)]);
    }
    let height = node.chain.tip().height;
    Made { node, height }
}

impl Made {
    fn receipt(&self, height: u64, anchor: u64) -> (String, Hash) {
        let made = self.node.receipt(height, 0, anchor).unwrap();
        let text = receipt::write(&made);
        (text, made.check().unwrap().anchor_id)
    }

    /// The final proof of the newest final block.
    fn final_proof(&self) -> String {
        let world = self.node.world();
        let certificate = world.finalized().unwrap().unwrap();
        let header = world.record(&certificate.link.source.block).unwrap().unwrap().header;
        let finality = Finality::of(world, &header).unwrap().unwrap().unwrap();
        final_proof::write(&FinalProof { network: self.node.network(), header, finality })
    }
}

/// A file that defines a network.
struct Definition {
    genesis: Genesis,
    path: String,
    folder: TempDir,
}

impl Definition {
    fn of(genesis: &Genesis) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("network.toml");
        fs::write(&path, NetworkFile::render(&genesis.spec, 1)).unwrap();
        Self { genesis: genesis.clone(), path: path.to_str().unwrap().to_owned(), folder }
    }

    /// Whether it alone shows that the block of a receipt, or of a final proof, is final.
    fn proves(&self, bytes: &[u8]) -> bool {
        let text = std::str::from_utf8(bytes).ok();
        if text.is_some_and(final_proof::is_one) {
            let proof = text.and_then(|text| final_proof::read(text).ok());
            return proof
                .is_some_and(|proof| proof.check().is_ok() && proof.check_final(&self.genesis).is_ok());
        }
        let receipt = text.and_then(|text| receipt::read(text).ok());
        let proof = receipt.and_then(|receipt| receipt.check().ok());
        proof.is_some_and(|proof| proof.check_final(&self.genesis).is_ok())
    }
}

/// Four members, with names, whose members changed three times. The last block but one is final.
fn make_changed(name: &str) -> Made {
    let node = changed_thrice(network_of_named(name));
    let height = node.chain.tip().height;
    Made { node, height }
}

fn block(made: &Made, height: u64) -> Arc<Block> {
    let id = made.node.world().at_height(height).unwrap().unwrap();
    made.node.world().block(&id).unwrap().unwrap()
}

/// What the other checker says of each (trusted hash or definition's file, receipt).
fn others(lines: &[(impl ToString, Vec<u8>)]) -> Vec<bool> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/receipt/check.py");
    let mut child = Command::new("python3")
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 is installed");
    let mut input = child.stdin.take().unwrap();
    let mut bytes = Vec::new();
    for (trust, receipt) in lines {
        bytes.extend(trust.to_string().as_bytes());
        bytes.push(b' ');
        bytes.extend(receipt);
        bytes.push(b'\n');
    }
    let writing = std::thread::spawn(move || input.write_all(&bytes));
    let output = child.wait_with_output().unwrap();
    writing.join().unwrap().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    said.lines().map(|line| line == "proven").collect()
}

fn ours(trust: &Hash, bytes: &[u8]) -> bool {
    let text = std::str::from_utf8(bytes).ok();
    let receipt = text.and_then(|text| receipt::read(text).ok());
    receipt.and_then(|receipt| receipt.check().ok()).is_some_and(|proof| proof.anchor_id == *trust)
}

#[test]
fn another_implementation_proves_the_same() {
    let made = make("one");
    let lines: Vec<_> = (1..=made.height)
        .flat_map(|height| [height, height + 1, height + 2, made.height].map(|anchor| (height, anchor)))
        .filter(|(_, anchor)| *anchor <= made.height)
        .map(|(height, anchor)| made.receipt(height, anchor))
        .map(|(text, anchor)| (anchor, text.into_bytes()))
        .collect();
    assert!(lines.len() > 15 && others(&lines).iter().all(|proven| *proven));
    assert!(lines.iter().all(|(trust, bytes)| ours(trust, bytes)));
}

#[test]
fn a_chain_made_in_private_proves_nothing() {
    let (public, private) = (make("public"), make("private"));
    let (_, trust) = public.receipt(2, public.height);
    let (forged, _) = private.receipt(2, private.height);
    assert!(!ours(&trust, forged.as_bytes()));
    assert_eq!(others(&[(trust, forged.into_bytes())]), [false]);
}

/// The text as it is, then with every byte changed once, to another that may stand there. A line break would end the line.
fn changes(text: &str) -> Vec<Vec<u8>> {
    let mut all = vec![text.as_bytes().to_vec()];
    for at in 0..text.len() {
        let mut changed = text.as_bytes().to_vec();
        let digit = changed[at].is_ascii_hexdigit();
        changed[at] = match changed[at] {
            b'9' => b'a',
            b'f' => b'0',
            byte if digit => byte + 1,
            byte => byte ^ 1,
        };
        all.push(changed);
    }
    all
}

#[test]
fn a_thousand_changed_bytes_are_refused_by_both() {
    let made = make("one");
    let (text, trust) = made.receipt(2, made.height);
    let lines: Vec<_> = changes(&text).into_iter().map(|changed| (trust, changed)).collect();
    assert!(lines.len() > 1_000);
    let verdicts = others(&lines);
    assert_eq!(verdicts.len(), lines.len());
    for (number, (said, (trust, bytes))) in verdicts.into_iter().zip(&lines).enumerate() {
        assert_eq!(said, number == 0, "{number}: {}", String::from_utf8_lossy(bytes));
        assert_eq!(ours(trust, bytes), number == 0, "{number}: {}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn the_definition_alone_proves_to_both_what_its_members_made_final() {
    let made = make_final("members", &[1, 3, 9]);
    let definition = Definition::of(made.node.chain.genesis());
    let (last, path) = (made.height - 2, &definition.path);
    let lines: Vec<_> = (1..=last).map(|height| (path, made.receipt(height, last).0.into_bytes())).collect();
    assert!(lines.iter().all(|(_, bytes)| definition.proves(bytes)));
    assert!(others(&lines).iter().all(|proven| *proven));
}

#[test]
fn both_refuse_what_no_quorum_of_the_networks_members_signed() {
    let made = make_final("members", &[1, 3, 9]);
    let (last, genesis) = (made.height - 2, made.node.chain.genesis());
    let (text, _) = made.receipt(2, last);
    let [ours, other] = [genesis, &network_of_named("other")].map(Definition::of);
    let few = make_final("members", &[1, 9]).receipt(2, last).0;
    let empty = "\"handovers\":[]";
    assert!(text.contains(empty));
    let lines = [
        (&ours, text.clone(), true),
        (&other, text.clone(), false),
        (&ours, few, false),
        // Under another block there is no certificate.
        (&ours, made.receipt(2, last + 1).0, false),
        // What is no handover.
        (&ours, text.replace(empty, "\"handovers\":[\"00\"]"), false),
        (&ours, text.replace(empty, "\"handovers\":[{}]"), false),
    ];
    let expected = lines.each_ref().map(|(_, _, proven)| *proven);
    assert_eq!(lines.each_ref().map(|(by, text, _)| by.proves(text.as_bytes())), expected);
    let lines = lines.map(|(by, text, _)| (&by.path, text.into_bytes()));
    assert_eq!(others(&lines), expected);
}

#[test]
fn with_a_certificate_too_no_byte_can_be_changed() {
    let made = make_final("members", &[1, 3, 9]);
    let definition = Definition::of(made.node.chain.genesis());
    let (text, _) = made.receipt(2, made.height - 2);
    let all = changes(&text);
    assert!(all.len() > 3_000, "{} changes", all.len());
    for (number, changed) in all.iter().enumerate() {
        assert_eq!(definition.proves(changed), number == 0, "{number}: {}", String::from_utf8_lossy(changed));
    }
    // The other checker takes its time over each signature.
    let lines: Vec<_> = all.into_iter().step_by(5).map(|changed| (&definition.path, changed)).collect();
    let verdicts = others(&lines);
    assert!(verdicts.len() == lines.len() && verdicts[0]);
    assert_eq!(verdicts.iter().filter(|proven| **proven).count(), 1);
}

#[test]
fn both_find_a_final_proof_true_for_its_network_and_false_for_others() {
    let made = make_final("members", &[1, 3, 9]);
    let genesis = made.node.chain.genesis();
    let text = made.final_proof();
    let few = make_final("members", &[1, 9]).final_proof();
    let [ours, other] = [genesis, &network_of_named("other")].map(Definition::of);
    let later = |from: &str, to: &str| {
        assert!(text.contains(from));
        text.replace(from, to)
    };
    let lines = [
        (&ours, text.clone(), true),
        (&other, text.clone(), false),
        (&ours, few, false),
        (&ours, make_final("other", &[1, 3, 9]).final_proof(), false),
        // What is no handover, and another version.
        (&ours, later("\"handovers\":[]", "\"handovers\":[\"00\"]"), false),
        (&ours, later("bouya final 1", "bouya final 2"), false),
    ];
    let expected = lines.each_ref().map(|(_, _, proven)| *proven);
    assert_eq!(lines.each_ref().map(|(by, text, _)| by.proves(text.as_bytes())), expected);
    let lines = lines.map(|(by, text, _)| (&by.path, text.into_bytes()));
    assert_eq!(others(&lines), expected);
    // Who trusts the block needs no proof, and it is none for them.
    let id = made.node.world().finalized().unwrap().unwrap().link.source.block;
    assert_eq!(others(&[(id, text.into_bytes())]), [false]);
}

#[test]
fn no_byte_of_a_final_proof_can_be_changed() {
    let made = make_final("members", &[1, 3, 9]);
    let definition = Definition::of(made.node.chain.genesis());
    let all = changes(&made.final_proof());
    assert!(all.len() > 1_000, "{} changes", all.len());
    for (number, changed) in all.iter().enumerate() {
        assert_eq!(definition.proves(changed), number == 0, "{number}: {}", String::from_utf8_lossy(changed));
    }
    let lines: Vec<_> = all.into_iter().step_by(3).map(|changed| (&definition.path, changed)).collect();
    let verdicts = others(&lines);
    assert!(verdicts.len() == lines.len() && verdicts[0]);
    assert_eq!(verdicts.iter().filter(|proven| **proven).count(), 1);
}

#[test]
fn the_definition_alone_proves_to_both_over_three_changes_of_the_members() {
    let made = make_changed("changing");
    let (last, definition) = (made.height - 1, Definition::of(made.node.chain.genesis()));
    let mut lines = vec![made.final_proof().into_bytes()];
    for height in 1..=last {
        for index in 0..block(&made, height).body.transactions.len() {
            let receipt = made.node.receipt(height, index, last);
            lines.push(receipt::write(&receipt.unwrap()).into_bytes());
        }
    }
    // Motions of each kind, ballots, and a member's own keys.
    assert!(lines.len() > 10, "{}", lines.len());
    assert!(lines.iter().all(|bytes| definition.proves(bytes)));
    let lines: Vec<_> = lines.into_iter().map(|bytes| (&definition.path, bytes)).collect();
    assert_eq!(others(&lines), vec![true; lines.len()]);
}

#[test]
fn both_refuse_handovers_that_do_not_lead_to_those_who_signed() {
    let made = make_changed("changing");
    let (last, genesis) = (made.height - 1, made.node.chain.genesis());
    let definition = Definition::of(genesis);
    let good = made.node.receipt(1, 0, last).unwrap();
    let handovers = |change: &dyn Fn(&mut Finality)| {
        let mut receipt = good.clone();
        change(receipt.finality.as_mut().unwrap());
        receipt::write(&receipt).into_bytes()
    };
    let other = make_changed("other");
    let theirs = Finality::of(other.node.world(), &block(&other, last).header).unwrap().unwrap().unwrap();
    let lines = [
        handovers(&|_| ()),
        handovers(&|it| drop(it.handovers.remove(0))),
        handovers(&|it| drop(it.handovers.remove(1))),
        handovers(&|it| drop(it.handovers.pop())),
        handovers(&|it| it.handovers.clear()),
        handovers(&|it| it.handovers.swap(0, 1)),
        handovers(&|it| it.handovers.insert(1, it.handovers[0].clone())),
        handovers(&|it| it.handovers[1].roster = it.handovers[0].roster.clone()),
        handovers(&|it| it.handovers[1].certificate = it.certificate.clone()),
        handovers(&|it| it.handovers[1].certificate = it.handovers[2].certificate.clone()),
        handovers(&|it| it.certificate = it.handovers[2].certificate.clone()),
        // An ordinary block, with the certificate that makes it final.
        handovers(&|it| {
            it.handovers[2].header = block(&made, last).header.clone();
            it.handovers[2].certificate = it.certificate.clone();
        }),
        handovers(&|it| *it = theirs.clone()),
    ];
    let proven: Vec<_> = (0..lines.len()).map(|number| number == 0).collect();
    assert_eq!(lines.iter().map(|bytes| definition.proves(bytes)).collect::<Vec<_>>(), proven);
    assert_eq!(others(&lines.map(|bytes| (&definition.path, bytes))), proven);
}

/// The same, and then people put m8 and m11 in.
fn make_overridden(name: &str) -> (Made, Definition) {
    let made = make_changed(name);
    let (genesis, tip) = (made.node.chain.genesis(), made.node.chain.tip());
    let members = [8, 11].map(member).into();
    let decree = Decree { height: tip.height, block: tip.id, members, reason: text("\u{201e}burnt\u{201c}") };
    let with = overridden(genesis, vec![decree.clone()]);
    let mut definition = Definition::of(&with);
    let path = definition.folder.path().join("override.toml");
    fs::write(&path, OverrideFile::new(&path, genesis.id(), vec![decree]).render()).unwrap();
    definition.path = format!("{},{}", definition.path, path.display());
    let mut node = restarted(&made.node, with).unwrap();
    let paid = node.pay(1, 0, 2, 10);
    let height = node.mine_by(8, (vec![paid], None)).header.height;
    let certificate = node.commit(height, &[8, 11]);
    node.take_final(certificate);
    (Made { node, height }, definition)
}

#[test]
fn over_an_override_both_prove_with_its_file_and_not_without() {
    let (made, definition) = make_overridden("rescued");
    let without = Definition::of(&Genesis::new(made.node.chain.genesis().spec.clone()).unwrap());
    let (other, _) = make_overridden("other");
    let receipts =
        [made.receipt(made.height, made.height).0, made.receipt(1, made.height).0, made.final_proof()];
    let mut lines: Vec<_> = receipts.iter().map(|text| (&definition, text.clone(), true)).collect();
    lines.extend(receipts.iter().map(|text| (&without, text.clone(), false)));
    lines.push((&definition, other.final_proof(), false));
    // What was final before needs it as little as it is in its way.
    let before = make_changed("rescued");
    let old = before.receipt(1, before.height - 1).0;
    lines.extend([(&definition, old.clone(), true), (&without, old, true)]);
    let expected: Vec<_> = lines.iter().map(|(_, _, proven)| *proven).collect();
    let ours: Vec<_> = lines.iter().map(|(by, text, _)| by.proves(text.as_bytes())).collect();
    assert_eq!(ours, expected);
    let lines: Vec<_> = lines.into_iter().map(|(by, text, _)| (&by.path, text.into_bytes())).collect();
    assert_eq!(others(&lines), expected);
}

#[test]
fn both_tell_of_an_override() {
    let (made, definition) = make_overridden("rescued");
    let file = definition.folder.path().join("payment.receipt");
    fs::write(&file, made.receipt(made.height, made.height).0).unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/receipt/check.py");
    let others =
        Command::new("python3").args([script, file.to_str().unwrap(), &definition.path]).output().unwrap();
    let others: Value = serde_json::from_slice(&others.stdout).unwrap();
    let (network, overrides) = definition.path.split_once(',').unwrap();
    let verify = |more: &[&str]| {
        let all = ["receipt", "verify", file.to_str().unwrap(), "--network", network];
        Command::new(env!("CARGO_BIN_EXE_bouya")).args(all).args(more).output().unwrap()
    };
    let without = String::from_utf8(verify(&[]).stderr).unwrap();
    assert!(without.contains("--override override.toml"), "{without}");
    let told = String::from_utf8(verify(&["--override", overrides]).stdout).unwrap();
    let hash = made.node.chain.genesis().rules.overrides.hash().unwrap();
    assert!(told.contains(&format!(": override {hash}\nfinal        signed by m11, m8;")), "{told}");
    let ours = verify(&["--override", overrides, "--json"]);
    let mut ours: Value = serde_json::from_slice(&ours.stdout).unwrap();
    ours["final"].as_object_mut().unwrap().remove("network");
    assert_eq!(ours["final"], others["final"]);
    assert_eq!(ours["final"]["changes"][3]["override"], hash.to_string());
}

#[test]
fn both_tell_whom_the_signer_governs_and_who_signed() {
    let made = make_changed("changing");
    let definition = Definition::of(made.node.chain.genesis());
    let text = made.receipt(1, made.height - 1).0;
    let file = definition.folder.path().join("motion.receipt");
    fs::write(&file, &text).unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/receipt/check.py");
    let others =
        Command::new("python3").args([script, file.to_str().unwrap(), &definition.path]).output().unwrap();
    let others: Value = serde_json::from_slice(&others.stdout).unwrap();
    let verify = |more: &[&str]| {
        let all = ["receipt", "verify", file.to_str().unwrap(), "--network", &definition.path];
        Command::new(env!("CARGO_BIN_EXE_bouya")).args(all).args(more).output().unwrap()
    };
    let told = String::from_utf8(verify(&[]).stdout).unwrap();
    for part in [
        "\n             the governor of m1 (\"m1\" SA) then\n",
        "\nmembers      changed with block 2 (",
        "final: signed by m1, m2, m3; true unless at least 2 of m1, m2, m3, m9 signed two histories\nmembers",
        "\nfinal        signed by m2, m3, m5, m9; true unless at least 2 of m2, m3, m5, m9 signed two histories",
    ] {
        assert!(told.contains(part), "{part} in {told}");
    }
    let ours = verify(&["--json"]);
    let mut ours: Value = serde_json::from_slice(&ours.stdout).unwrap();
    let governs = json!({ "id": member(1).id.as_str(), "name": "\"m1\" SA" });
    assert_eq!((&ours["sender"]["governs"], &others["transaction"]["governs"]), (&governs, &governs));
    ours["final"].as_object_mut().unwrap().remove("network");
    assert_eq!(ours["final"], others["final"]);
    assert_eq!(ours["final"]["changes"].as_array().unwrap().len(), 3);
}

#[test]
fn over_changes_of_the_members_too_no_byte_of_a_final_proof_can_be_changed() {
    let made = make_changed("changing");
    let definition = Definition::of(made.node.chain.genesis());
    let all = changes(&made.final_proof());
    assert!(all.len() > 6_000, "{} changes", all.len());
    for (number, changed) in all.iter().enumerate().step_by(3) {
        assert_eq!(definition.proves(changed), number == 0, "{number}: {}", String::from_utf8_lossy(changed));
    }
    // The other checker takes its time over each signature.
    let lines: Vec<_> = all.into_iter().step_by(24).map(|changed| (&definition.path, changed)).collect();
    let verdicts = others(&lines);
    assert!(verdicts.len() == lines.len() && verdicts[0]);
    assert_eq!(verdicts.iter().filter(|proven| **proven).count(), 1);
}

/// One vector: what is proven, with the files that a checker needs. `final` says whether they prove it without a trusted block.
fn vector(what: &str, definition: &Definition, text: String, trusted: Option<Hash>) -> Value {
    let mut files = definition.path.split(',').map(|path| fs::read_to_string(path).unwrap());
    let proves = definition.proves(text.as_bytes());
    json!({
        "what": what, "network": files.next(), "override": files.next(),
        "trusted": trusted.map(|hash| hash.to_string()), "final": proves, "text": text,
    })
}

/// For clients in other languages. `BOUYA_WRITE_VECTORS=1 cargo test --test receipt` writes them anew.
#[test]
fn the_receipts_for_other_languages_are_frozen() {
    let mut found = Vec::new();
    let of = |what: &str, made: &Made, definition: &Definition, height: u64, anchor: u64| {
        let (text, trusted) = made.receipt(height, anchor);
        vector(what, definition, text, Some(trusted))
    };
    let plain = make("one");
    let definition = Definition::of(plain.node.chain.genesis());
    for (what, height) in
        [("transfer", 1), ("document", 2), ("data", 3), ("proposal", 4), ("signature", 5), ("refusal", 6)]
    {
        found.push(of(&format!("a {what} under the last block"), &plain, &definition, height, plain.height));
    }
    for (what, above) in [("its own block", 0), ("the next one", 1), ("the one after", 2)] {
        found.push(of(&format!("a transfer under {what}"), &plain, &definition, 1, 1 + above));
    }
    let made = make_final("members", &[1, 3, 9]);
    let definition = Definition::of(made.node.chain.genesis());
    found.push(of("a signature under a final block", &made, &definition, 5, made.height - 2));
    found.push(of("the same without votes", &made, &definition, 5, made.height - 1));
    found.push(vector("a final proof", &definition, made.final_proof(), None));
    let made = make_changed("changing");
    let definition = Definition::of(made.node.chain.genesis());
    found.push(of("a motion, and the members changed thrice", &made, &definition, 1, made.height - 1));
    found.push(vector("a final proof, and they changed thrice", &definition, made.final_proof(), None));
    let (made, definition) = make_overridden("rescued");
    let (text, trusted) = made.receipt(made.height, made.height);
    found.push(vector("a transfer after an override", &definition, text, Some(trusted)));
    let made = outcomes::make("contracts");
    let definition = Definition::of(made.node.chain.genesis());
    found.push(of("a deployment under a final block", &made, &definition, 1, made.height));
    found.push(of("a call under a final block", &made, &definition, 2, made.height));
    let failed = made.node.receipt(2, 1, made.height).unwrap();
    let trusted = failed.clone().check().unwrap().anchor_id;
    let written = |receipt: &Receipt| receipt::write(receipt);
    found.push(vector("a call that failed", &definition, written(&failed), Some(trusted)));
    let pruned = Receipt { outcome: None, ..failed };
    found.push(vector("the same without its outcome", &definition, written(&pruned), Some(trusted)));
    let few = make_final("members", &[1, 9]);
    let definition = Definition::of(few.node.chain.genesis());
    let (text, trusted) = few.receipt(2, few.height - 2);
    found.push(vector("two of four voters", &definition, text, Some(trusted)));
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/receipt/vectors.json");
    if std::env::var_os("BOUYA_WRITE_VECTORS").is_some() {
        fs::write(path, serde_json::to_string_pretty(&found).unwrap() + "\n").unwrap();
    }
    let frozen: Vec<Value> = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(frozen, found, "receipts that others wrote for are different now");
}
