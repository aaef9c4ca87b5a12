//! Whole numbers as decimal text in JSON.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};

pub(super) fn serialize<S: Serializer>(number: &u64, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(number)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    number(&String::deserialize(from)?)
}

fn number<E: Error>(text: &str) -> Result<u64, E> {
    text.parse().map_err(E::custom)
}

/// One that may be missing: then it is null.
pub(super) mod optional {
    use super::*;

    pub(in super::super) fn serialize<S: Serializer>(number: &Option<u64>, to: S) -> Result<S::Ok, S::Error> {
        match number {
            Some(number) => to.collect_str(number),
            None => to.serialize_none(),
        }
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
        Option::<String>::deserialize(from)?.map(|text| super::number(&text)).transpose()
    }
}
