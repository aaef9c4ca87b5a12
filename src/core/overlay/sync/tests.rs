use alloc::string::String;
use alloc::sync::Arc;

use crate::codec::Text;
use crate::ledger::{BlockRules, Coin, Genesis, NetworkSpec};
use crate::time::Timestamp;

fn text<const MAX: usize>(text: &str) -> Text<MAX> {
    Text::try_from(String::from(text)).unwrap()
}

/// A network whose blocks are found at the first try.
pub(crate) fn genesis() -> Arc<Genesis> {
    let blocks = BlockRules {
        interval_ms: 1_000,
        half_life: 64,
        initial_difficulty: 4,
        reward: 50,
        max_bytes: 100_000,
    };
    let spec = NetworkSpec {
        name: text("test"),
        created: Timestamp(1_790_000_000_000),
        salt: [7; 16],
        coin: Coin { symbol: text("TST"), decimals: 6 },
        blocks,
        members: [].into(),
        allocations: [].into(),
    };
    Arc::new(Genesis::new(spec).unwrap())
}
