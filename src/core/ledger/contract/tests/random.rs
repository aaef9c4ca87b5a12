//! Whatever is called, coins neither come nor go.

use super::*;
use crate::testing::contract::{OBEYS, orders};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn random_calls_with_value_keep_every_coin(
        calls in prop::collection::vec((1_u8..5, 0..3_usize, 0..400_u64, [0..6_usize, 0..6], [0..500_u64, 0..u64::MAX], (0..4_u8, any::<u8>(), any::<bool>())), 1..24),
    ) {
        let mut node = world();
        let all = [deploy(&node, 0, module(OBEYS, OBEYS, ""), 100), deploy(&node, 1, module("", OBEYS, ""), 7)];
        let contracts = [made(&all[0]), made(&all[1])];
        // Paid before it is there, and never there.
        let nowhere = (Address::of_contract(&boss(), 9, &Hash::ZERO, &Hash::ZERO), contracts[0].1, contracts[0].2);
        let targets = [contracts[0], contracts[1], nowhere];
        let payees = [address(1), address(2), contracts[0].0, contracts[1].0, nowhere.0, boss()];
        node.mine(all.into());
        let mut nonces = [0_u64; 5];
        for block in calls.chunks(4) {
            let mut transactions = vec![];
            let mut spent = [0_u64; 5];
            for (from, target, value, to, amounts, rest) in block.iter().cloned() {
                let from_index = usize::from(from);
                // Who cannot pay makes the block invalid, which other tests show.
                if node.balance(from) < spent[from_index] + value + 1 {
                    continue;
                }
                spent[from_index] += value + 1;
                let input = orders(to.map(|to| payees[to]), amounts, rest);
                transactions.push(call(&node, (from, nonces[from_index]), targets[target], &input, value));
                nonces[from_index] += 1;
            }
            node.mine(transactions);
        }
        assert_sound(&node);
    }
}
