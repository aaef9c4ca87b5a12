//! Each test runs twice: natively, and over the committed module in the machine of a node.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use bouya_contract::testing::{Deployed, Done, World};
use bouya_contract::{Address, Hash};
use receivables::{Accepted, Act, Issued, Offer, Paid, Question, Receivable, Receivables, Transferred};

const INVOICE: Hash = Hash([3; 32]);

/// A mill that delivered, a baker who owes 100, a bank that buys what is owed, and one more.
struct Town {
    world: World,
    register: Deployed<Receivables>,
    mill: Address,
    baker: Address,
    bank: Address,
    other: Address,
}

impl Town {
    fn act(&mut self, who: Address, act: Act, value: u64) -> Done<()> {
        self.world.call(who, self.register, &act, value).unwrap()
    }

    fn fails(&mut self, who: Address, act: Act, value: u64) -> String {
        self.world.call(who, self.register, &act, value).unwrap_err().reason
    }

    fn issue(&self) -> Act {
        Act::Issue { invoice: INVOICE, debtor: self.baker, amount: 100, due: 9 }
    }

    fn one(&self) -> Option<Receivable> {
        self.world.view(self.register, &Question { invoice: INVOICE }).unwrap()
    }

    /// Issued and accepted.
    fn accepted(mut self) -> Self {
        self.act(self.mill, self.issue(), 0);
        self.act(self.baker, Act::Accept { invoice: INVOICE }, 0);
        self
    }
}

fn everywhere(test: impl Fn(Town)) {
    for mut world in [World::new(), World::of_module(include_bytes!("../../modules/receivables.wasm"))] {
        let mill = world.member("mill", 10);
        let register = world.deploy(mill, &(), 0).unwrap();
        let (baker, bank) = (world.account("baker", 1_000), world.account("bank", 1_000));
        let other = world.account("other", 1_000);
        test(Town { world, register, mill, baker, bank, other });
    }
}

#[test]
fn it_is_issued_accepted_sold_and_paid_to_who_bought_it() {
    everywhere(|mut town| {
        let done = town.act(town.mill, town.issue(), 0);
        assert_eq!(
            done.events_of::<Issued>(),
            [Issued { invoice: INVOICE, debtor: town.baker, amount: 100 }]
        );
        let done = town.act(town.baker, Act::Accept { invoice: INVOICE }, 0);
        assert_eq!(done.events_of::<Accepted>(), [Accepted { invoice: INVOICE }]);
        town.act(town.mill, Act::Offer { invoice: INVOICE, to: town.bank, price: 95 }, 0);
        let done = town.act(town.bank, Act::Buy { invoice: INVOICE }, 95);
        assert_eq!(done.payments, [(town.mill, 95)]);
        let sold = Transferred { invoice: INVOICE, from: town.mill, to: town.bank, price: 95 };
        assert_eq!(done.events_of::<Transferred>(), [sold]);
        for (amount, left) in [(40, 60), (60, 0)] {
            let done = town.act(town.baker, Act::Pay { invoice: INVOICE }, amount);
            assert_eq!(done.events_of::<Paid>(), [Paid { invoice: INVOICE, to: town.bank, amount, left }]);
        }
        let coins =
            [town.mill, town.baker, town.bank, town.register.address].map(|who| town.world.coins(who));
        assert_eq!(coins, [105, 900, 1_005, 0]);
        assert_eq!(town.fails(town.baker, Act::Pay { invoice: INVOICE }, 1), "that is more than is owed");
    });
}

#[test]
fn only_members_issue_and_each_invoice_once() {
    everywhere(|mut town| {
        assert_eq!(town.fails(town.other, town.issue(), 0), "only members issue receivables");
        town.act(town.mill, town.issue(), 0);
        assert_eq!(town.fails(town.mill, town.issue(), 0), "this invoice is registered already");
        // A member that has left issues nothing more.
        town.world.leave(town.mill);
        let more = Act::Issue { invoice: Hash([4; 32]), debtor: town.baker, amount: 1, due: 9 };
        assert_eq!(town.fails(town.mill, more, 0), "only members issue receivables");
    });
}

#[test]
fn an_amount_that_somebody_else_owes() {
    everywhere(|mut town| {
        for (debtor, amount) in [(town.baker, 0), (town.mill, 5)] {
            let act = Act::Issue { invoice: INVOICE, debtor, amount, due: 9 };
            assert_eq!(town.fails(town.mill, act, 0), "a receivable is an amount that somebody else owes");
        }
    });
}

#[test]
fn nothing_is_sold_before_it_is_accepted_nor_by_others() {
    everywhere(|mut town| {
        town.act(town.mill, town.issue(), 0);
        let (transfer, offer) =
            (|to| Act::Transfer { invoice: INVOICE, to }, |to| Act::Offer { invoice: INVOICE, to, price: 1 });
        let (mill, bank) = (town.mill, town.bank);
        assert_eq!(town.fails(mill, transfer(bank), 0), "the debtor has not accepted it yet");
        assert_eq!(town.fails(mill, offer(bank), 0), "the debtor has not accepted it yet");
        assert_eq!(town.fails(mill, Act::Accept { invoice: INVOICE }, 0), "only the debtor accepts it");
        town.act(town.baker, Act::Accept { invoice: INVOICE }, 0);
        assert_eq!(town.fails(town.baker, Act::Accept { invoice: INVOICE }, 0), "it is accepted already");
        assert_eq!(town.fails(bank, transfer(bank), 0), "it is not yours");
        assert_eq!(town.fails(bank, offer(bank), 0), "it is not yours");
    });
}

#[test]
fn nothing_is_sold_twice() {
    everywhere(|town| {
        let mut town = town.accepted();
        let (mill, bank, other) = (town.mill, town.bank, town.other);
        town.act(mill, Act::Offer { invoice: INVOICE, to: bank, price: 95 }, 0);
        // The second offer replaces the first.
        town.act(mill, Act::Offer { invoice: INVOICE, to: other, price: 96 }, 0);
        assert_eq!(town.fails(bank, Act::Buy { invoice: INVOICE }, 95), "it was not offered to you");
        town.act(other, Act::Buy { invoice: INVOICE }, 96);
        assert_eq!(town.fails(other, Act::Buy { invoice: INVOICE }, 96), "it was not offered to you");
        assert_eq!(town.fails(mill, Act::Transfer { invoice: INVOICE, to: bank }, 0), "it is not yours");
        assert_eq!((town.world.coins(mill), town.world.coins(bank)), (106, 1_000));
        assert_eq!(town.one().unwrap().owner, other);
    });
}

#[test]
fn a_sale_takes_its_price_and_ends_with_a_payment_or_a_transfer() {
    everywhere(|town| {
        let mut town = town.accepted();
        let (mill, bank) = (town.mill, town.bank);
        let offer = || Act::Offer { invoice: INVOICE, to: bank, price: 95 };
        town.act(mill, offer(), 0);
        for value in [0, 94, 96] {
            let reason = town.fails(bank, Act::Buy { invoice: INVOICE }, value);
            assert_eq!(reason, "send the price, and no more");
        }
        assert_eq!(town.one().unwrap().offer, Some(Offer { to: bank, price: 95 }));
        town.act(town.baker, Act::Pay { invoice: INVOICE }, 50);
        assert_eq!(town.fails(bank, Act::Buy { invoice: INVOICE }, 95), "it was not offered to you");
        town.act(mill, offer(), 0);
        town.act(mill, Act::Transfer { invoice: INVOICE, to: town.other }, 0);
        assert_eq!(town.fails(bank, Act::Buy { invoice: INVOICE }, 95), "it was not offered to you");
        assert_eq!(town.world.coins(bank), 1_000);
    });
}

#[test]
fn what_is_owed_is_paid_and_no_more() {
    everywhere(|town| {
        let mut town = town.accepted();
        let pay = || Act::Pay { invoice: INVOICE };
        assert_eq!(town.fails(town.baker, pay(), 101), "that is more than is owed");
        assert_eq!(town.fails(town.baker, pay(), 0), "send the coins with it");
        let unknown = Act::Pay { invoice: Hash([9; 32]) };
        assert_eq!(town.fails(town.baker, unknown, 1), "there is no such receivable");
        town.act(town.baker, pay(), 100);
        let offer = Act::Offer { invoice: INVOICE, to: town.bank, price: 1 };
        assert_eq!(town.fails(town.mill, offer, 0), "it is paid");
    });
}

#[test]
fn it_can_be_withdrawn_until_it_is_accepted() {
    everywhere(|mut town| {
        let withdraw = || Act::Withdraw { invoice: INVOICE };
        town.act(town.mill, town.issue(), 0);
        assert_eq!(town.fails(town.baker, withdraw(), 0), "it is not yours");
        town.act(town.mill, withdraw(), 0);
        assert_eq!(town.one(), None);
        let mut town = town.accepted();
        assert_eq!(town.fails(town.mill, withdraw(), 0), "it is accepted or paid in part: it stays");
    });
}

#[test]
fn coins_come_where_they_are_for_something() {
    everywhere(|mut town| {
        assert_eq!(town.fails(town.mill, town.issue(), 1), "coins come with Buy and Pay only");
        assert_eq!(town.world.coins(town.mill), 10);
        assert_eq!(
            town.world.deploy::<Receivables>(town.mill, &(), 1).unwrap_err().reason,
            "coins come with Buy and Pay only"
        );
    });
}
