//! What became of calls: receipts show it to both.

use bouya_core::ledger::OutcomeProof;
use bouya_core::ledger::contract::{Call, Deploy};
use bouya_core::testing::contract::{TELLS, module, telling};

use super::*;

/// A network whose blocks run contracts: one is deployed, called and called to fail, and that is final.
pub(crate) fn make(name: &str) -> Made {
    let mut spec = network_of_named(name).spec.clone();
    (spec.version, spec.gas_per_block) = (Header::CONTRACTS, Some(30_000_000));
    let mut node = Node::of(Arc::new(Genesis::new(spec).unwrap()));
    let code = wat::parse_str(module(TELLS)).unwrap();
    let deploy = Deploy {
        code: code.try_into().unwrap(),
        input: Bounded::truncated(*b"terms"),
        value: 0,
        gas: 1_000_000,
    };
    let network = node.network();
    let deployed = Transaction::sign(&network, &governor(1), 0, 0, u64::MAX, deploy.clone().into());
    let (contract, code, size) = (deployed.contract().unwrap(), deploy.hash(), deploy.code.len() as u32);
    let call = |node: &Node, nonce, fails| {
        let input = telling(address(7), fails).try_into().unwrap();
        node.sign(1, nonce, Call { contract, code, size, input, value: 5, gas: 1_000_000 }.into())
    };
    node.mine(vec![deployed]);
    node.mine(vec![call(&node, 0, false), call(&node, 1, true)]);
    node.mine(vec![]);
    let height = node.chain.tip().height;
    node.finalize(height, &[1, 3, 9]);
    node.mine(vec![]);
    Made { node, height }
}

#[test]
fn both_prove_what_became_of_a_call_and_nothing_else() {
    let made = make("contracts");
    let definition = Definition::of(made.node.chain.genesis());
    let good = made.node.receipt(2, 0, made.height).unwrap();
    let failed = made.node.receipt(2, 1, made.height).unwrap().outcome.unwrap();
    let changed = |change: &dyn Fn(&mut OutcomeProof)| {
        let mut receipt = good.clone();
        change(receipt.outcome.as_mut().unwrap());
        receipt::write(&receipt).into_bytes()
    };
    let lines = [
        changed(&|_| ()),
        receipt::write(&Receipt { outcome: None, ..good.clone() }).into_bytes(),
        changed(&|it| *it = failed.clone()),
        changed(&|it| it.done = None),
        changed(&|it| it.done.as_mut().unwrap().output = Bounded::default()),
        changed(&|it| it.path.clear()),
        changed(&|it| it.roster.0[0] ^= 1),
    ];
    let proven: Vec<_> = (0..lines.len()).map(|number| number < 2).collect();
    assert_eq!(lines.iter().map(|bytes| definition.proves(bytes)).collect::<Vec<_>>(), proven);
    assert_eq!(others(&lines.map(|bytes| (&definition.path, bytes))), proven);
}

#[test]
fn no_byte_of_what_became_of_a_call_can_be_changed() {
    let made = make("contracts");
    let definition = Definition::of(made.node.chain.genesis());
    let (text, trust) = made.receipt(2, made.height);
    let outcome = text.find("\"outcome\"").unwrap();
    let all = changes(&text).split_off(1 + outcome);
    assert!(all.len() > 400, "{} changes", all.len());
    assert!(all.iter().all(|changed| !definition.proves(changed)));
    let verdicts = others(&all.into_iter().map(|changed| (trust, changed)).collect::<Vec<_>>());
    assert!(verdicts.len() > 400 && verdicts.iter().all(|proven| !proven));
}

#[test]
fn both_tell_what_became_of_a_call() {
    let made = make("contracts");
    let definition = Definition::of(made.node.chain.genesis());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/receipt/check.py");
    for (index, says) in
        [(0, "outcome      done\noutput       68656c6c6f\npays         0.03 T to "), (1, "failed")]
    {
        let file = definition.folder.path().join("call.receipt");
        let text = receipt::write(&made.node.receipt(2, index, made.height).unwrap());
        fs::write(&file, text).unwrap();
        let file = file.to_str().unwrap();
        let others = Command::new("python3").args([script, file, &definition.path]).output().unwrap();
        let others: Value = serde_json::from_slice(&others.stdout).unwrap();
        let verify = |more: &[&str]| {
            let all = ["receipt", "verify", file, "--network", &definition.path];
            Command::new(env!("CARGO_BIN_EXE_bouya")).args(all).args(more).output().unwrap()
        };
        let told = String::from_utf8(verify(&[]).stdout).unwrap();
        assert!(told.contains(says), "{told}");
        let ours: Value = serde_json::from_slice(&verify(&["--json"]).stdout).unwrap();
        assert_eq!(ours["outcome"], others["outcome"]);
        assert_eq!(ours["outcome"]["done"], index == 0);
    }
}
