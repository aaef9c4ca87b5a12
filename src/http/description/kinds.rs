//! What the texts and numbers of the API look like. A property's name says what it is, so that is said here once, not at each of them; where
//! a name means two things, the schema that has it decides. A test fails for what is not told here.

use bouya_core::limits::{
    API_FEED_PAGE, API_PAGE, API_SUBMITTED, COIN_DECIMALS, COIN_SYMBOL_BYTES, CONTRACT_CODE_BYTES,
    CONTRACT_EVENTS, CONTRACT_PAYMENTS, CONTRACT_REASON, DEPLOY_BYTES, HANDOVERS_WALKED, JSON_EXACT,
    MEMBER_NAME_BYTES, MEMO_BYTES, MEMPOOL_TRANSACTIONS, NETWORK_NAME_BYTES, OUTPUTS, PARTIES, REASON_BYTES,
    RECEIPT_STEPS, RECORD_BYTES, TITLE_BYTES, TOPIC_BYTES, TRANSACTIONS_PER_BLOCK, VOTERS,
};
use utoipa::Number;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{Array, ArrayItems, Object, Schema, SchemaFormat, Type};

use super::shapes::{Schemas, is};

/// What a text is.
enum Kind {
    /// It has this form.
    Form(&'static str),
    /// It has this form, and a rule that no form can tell: docs/API.md says what the name stands for.
    Named(&'static str, &'static str),
    /// RFC 3339.
    Time,
    /// Written by people, in at most so many characters.
    Text(usize),
}

const HASH: Kind = Kind::Form("^[0-9a-f]{64}$");
const HEX: Kind = Kind::Form("^([0-9a-f]{2})*$");
const ADDRESS: Kind = Kind::Named("bouya-address", "^bouya1[02-9ac-hj-np-z]{59}$");
const ID: Kind = Kind::Named("bouya-id", "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$");
/// A slot's key, or how one begins.
const KEY: Kind = Kind::Form("^([0-9a-f]{2}){0,64}$");
const AMOUNT: Kind = Kind::Form(r"^[0-9]{1,20}(\.[0-9]{1,9})?$");
const NUMBER: Kind = Kind::Form("^[0-9]{1,20}$");
/// Of up to 128 bits.
const WORK: Kind = Kind::Form("^[0-9]{1,39}$");
const STEP: Kind = Kind::Form("^[LR][0-9a-f]{64}$");
const CODE: Kind = Kind::Form("^[0-9]{4}( [0-9]{4}){4}$");
/// A time that a member may set beyond the year 9999, which RFC 3339 cannot write.
const FAR: Kind = Kind::Form(r"^([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,18}Z|[0-9]{1,20} ms)$");
/// All digits of an id or a hash, or its ends as tables show them.
const SHORT: Kind = Kind::Form("^([0-9a-f]{8,64}|[0-9a-f]{8,31}…[0-9a-f]{0,32})$");
const BLOCK: Kind = Kind::Form("^(latest|[0-9]{1,19}|[0-9a-f]{8,64}|[0-9a-f]{8,31}…[0-9a-f]{0,32})$");
/// Where a page begins: heights, perhaps with a place in the block.
const HEIGHT: Kind = Kind::Form("^[0-9]{1,19}$");
const PLACE: Kind = Kind::Form("^[0-9]{1,19}-[0-9]{1,9}$");
const MOTION: Kind = Kind::Form("^([0-9]{1,19}-)?[0-9a-f]{64}$");
/// A place of the feed.
const CURSOR: Kind =
    Kind::Form("^(0|[1-9][0-9]{0,18})-(0|[1-9][0-9]{0,8}|all)-(0|[1-9][0-9]{0,18})-[0-9a-f]{64}$");
const AFTER: Kind = Kind::Form(
    "^(latest|(0|[1-9][0-9]{0,18})(-(0|[1-9][0-9]{0,8}|all)-(0|[1-9][0-9]{0,18})-[0-9a-f]{64})?)$",
);
/// Several with commas between them.
const ADDRESSES: Kind =
    Kind::Named("bouya-addresses", "^bouya1[02-9ac-hj-np-z]{59}(,bouya1[02-9ac-hj-np-z]{59}){0,15}$");
const HASHES: Kind = Kind::Form("^[0-9a-f]{64}(,[0-9a-f]{64}){0,15}$");
const RANK: Kind = Kind::Form("^[0-9]{1,19}-[0-9a-f]{64}$");

/// What a text property is; none if nobody can say.
fn text(schema: &str, name: &str) -> Option<Kind> {
    Some(match (schema, name) {
        ("EventReorg", "from" | "to") => HASH,
        ("EventBlock", "miner") => Kind::Form("^([0-9a-f]{64}|[a-z0-9-]{1,63})$"),
        ("Feed", "next") | ("FeedItem", "cursor") => CURSOR,
        ("Receipt", "network") => Kind::Named("bouya-network", "^[0-9a-f]{64}$"),
        ("Receipt", "transaction") => Kind::Named("bouya-transaction", "^([0-9a-f]{2})+$"),
        ("Receipt", "block") => HEX,
        ("ReceiptOutcome", "done") => HEX,
        ("ReceiptOutcome", "writes" | "state" | "roster") => HASH,
        ("ContractSlot", "key") => HEX,
        ("ContractOutcome" | "ContractAnswer", "why") => Kind::Text(CONTRACT_REASON),
        ("Content" | "Record" | "ActionRecord", "name") => Kind::Text(TITLE_BYTES),
        ("NetworkStatus", "name") => Kind::Text(NETWORK_NAME_BYTES),
        ("MotionVote" | "ActionMotion", "reason") => Kind::Text(REASON_BYTES),
        (
            "Agreement" | "EventAgreement" | "EventDropped" | "EventMotion" | "EventTransaction" | "Motion"
            | "NetworkStatus" | "Outcome" | "Submitted" | "Transaction" | "TransactionCheck",
            "id",
        ) => HASH,
        (
            _,
            "agreement" | "block" | "body_root" | "by" | "document" | "hash" | "history" | "key" | "motion"
            | "motions" | "network" | "override" | "parent" | "set" | "transaction",
        ) => HASH,
        (
            _,
            "address" | "counterparties" | "governor" | "key_address" | "parties" | "proposer" | "reward_to"
            | "sender" | "to",
        ) => ADDRESS,
        (_, "former" | "id" | "member" | "members" | "missing" | "mover" | "signers") => ID,
        (_, "amount" | "balance" | "cost" | "fee" | "least_fee" | "value") => AMOUNT,
        (
            _,
            "allowed" | "difficulty" | "epoch" | "gas_per_block" | "height" | "min_fee_per_byte" | "needed"
            | "nonce" | "valid_until",
        ) => NUMBER,
        (
            _,
            "dialed_in" | "due" | "heard" | "made" | "not_after" | "since" | "started" | "time" | "until",
        ) => Kind::Time,
        ("ActionDeploy" | "ActionCall", "code") => HASH,
        ("Contract", "code") => HASH,
        (_, "contract" | "deployer") => ADDRESS,
        (_, "anchor" | "before" | "certificate" | "data" | "handovers" | "header" | "input" | "output") => {
            HEX
        }
        (_, "code") => CODE,
        (_, "deadline") => FAR,
        (_, "memo") => Kind::Text(MEMO_BYTES),
        (_, "name") => Kind::Text(MEMBER_NAME_BYTES),
        (_, "path") => STEP,
        (_, "symbol") => Kind::Text(COIN_SYMBOL_BYTES),
        (_, "text") => Kind::Text(RECORD_BYTES),
        (_, "title") => Kind::Text(TITLE_BYTES),
        (_, "topic") => Kind::Text(TOPIC_BYTES),
        (_, "work") => WORK,
        _ => return None,
    })
}

/// What a text in a request's path or query is; the operation decides for cursors.
fn parameter(operation: &str, name: &str) -> Option<Kind> {
    Some(match (operation, name) {
        ("peers_list" | "peers_blacklist", "from") => ID,
        ("chain_list" | "members_sets", "from") => HEIGHT,
        ("members_motions", "from") => MOTION,
        ("transactions_list", "from") => RANK,
        ("feed_list" | "feed_stream", "after") => AFTER,
        ("feed_list" | "feed_stream", "address") => ADDRESSES,
        ("contracts_slots", "from" | "prefix") => KEY,
        (_, "agreement") => HASHES,
        (_, "from") => PLACE,
        ("peers_remove" | "peers_blacklist_add" | "peers_blacklist_remove", "id") => ID,
        (_, "document" | "hash" | "id") => SHORT,
        (_, "reference" | "under") => BLOCK,
        (_, "party") => ADDRESS,
        // Any is looked for; one that is too long is found nowhere.
        (_, "topic") => return None,
        _ => return text("", name),
    })
}

/// The smallest and the largest value of a whole number.
fn bounds(schema: &str, name: &str) -> (i64, i64) {
    let up_to = |most: usize| (0, i64::try_from(most).unwrap_or(JSON_EXACT).min(JSON_EXACT));
    match (schema, name) {
        (_, "days_left" | "offset_ms") => (-JSON_EXACT, JSON_EXACT),
        (_, "port") => up_to(usize::from(u16::MAX)),
        (_, "version") => (0, i64::from(u32::MAX)),
        (_, "decimals") => up_to(usize::from(COIN_DECIMALS)),
        (_, "count" | "guilty" | "heard" | "members" | "needed" | "no" | "quorum" | "yes") => up_to(VOTERS),
        (_, "number") => up_to(VOTERS - 1),
        ("Transaction" | "TransactionCheck", "size") => up_to(DEPLOY_BYTES),
        ("ActionDeploy" | "ActionCall" | "Contract", "size") => up_to(CONTRACT_CODE_BYTES),
        ("MempoolStatus", "transactions") => up_to(MEMPOOL_TRANSACTIONS),
        (_, "transactions") => up_to(TRANSACTIONS_PER_BLOCK),
        _ => (0, JSON_EXACT),
    }
}

/// The most items of a list, where that is bounded.
fn most(schema: &str, name: &str) -> Option<usize> {
    Some(match (schema, name) {
        ("Feed", "items") => API_FEED_PAGE,
        (_, "items") => API_PAGE,
        (_, "outputs") => OUTPUTS,
        (_, "payments") => CONTRACT_PAYMENTS,
        ("ContractOutcome", "events") => CONTRACT_EVENTS,
        (_, "parties") => PARTIES,
        (_, "members" | "missing" | "signers" | "voices" | "voters") => VOTERS,
        (_, "handovers") => HANDOVERS_WALKED,
        (_, "path") => RECEIPT_STEPS,
        _ => return None,
    })
}

/// Says in each named schema what its texts and numbers look like.
pub(super) fn constrain(schemas: &mut Schemas) {
    if let Some(RefOr::T(Schema::OneOf(submission))) = schemas.get_mut("Submission") {
        for item in &mut submission.items {
            if let RefOr::T(Schema::Array(many)) = item {
                (many.min_items, many.max_items) = (Some(1), Some(API_SUBMITTED));
            }
        }
    }
    for (name, schema) in schemas {
        if let RefOr::T(Schema::Object(object)) = schema {
            for (property, schema) in &mut object.properties {
                value(schema, || text(name, property), bounds(name, property), most(name, property));
            }
        }
    }
}

/// Says what a request's parameter looks like. One that is missing is left out: there is no way to write null.
pub(super) fn constrain_parameter(operation: &str, name: &str, schema: &mut RefOr<Schema>) {
    if let RefOr::T(Schema::Object(object)) = schema
        && is(object, &Type::String)
    {
        object.schema_type = Type::String.into();
    }
    value(schema, || parameter(operation, name), bounds("", name), None);
}

fn value(
    schema: &mut RefOr<Schema>,
    kind: impl Fn() -> Option<Kind>,
    bounds: (i64, i64),
    most: Option<usize>,
) {
    match schema {
        RefOr::T(Schema::Object(object)) => single(object, kind, bounds),
        RefOr::T(Schema::Array(Array { items: ArrayItems::RefOrSchema(items), max_items, .. })) => {
            *max_items = max_items.or(most);
            if let RefOr::T(Schema::Object(object)) = &mut **items {
                single(object, kind, bounds);
            }
        }
        _ => (),
    }
}

fn single(object: &mut Object, kind: impl Fn() -> Option<Kind>, (least, most): (i64, i64)) {
    if is(object, &Type::Integer) {
        let number = |number: i64| isize::try_from(number).ok().map(Number::Int);
        object.minimum = object.minimum.take().or(number(least));
        object.maximum = object.maximum.take().or(number(most));
    }
    let is_plain = object.enum_values.is_none() && object.pattern.is_none() && object.format.is_none();
    if !is(object, &Type::String) || !is_plain {
        return;
    }
    match kind() {
        Some(Kind::Form(form)) => object.pattern = Some(form.to_owned()),
        Some(Kind::Named(name, form)) => {
            object.pattern = Some(form.to_owned());
            object.format = Some(SchemaFormat::Custom(name.to_owned()));
        }
        Some(Kind::Time) => object.format = Some(SchemaFormat::Custom("date-time".to_owned())),
        Some(Kind::Text(longest)) => object.max_length = Some(longest),
        None => (),
    }
}
